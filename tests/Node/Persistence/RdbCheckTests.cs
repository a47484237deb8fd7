using System.Text;
using System.Text.RegularExpressions;
using Starling.Node.Persistence;
using Starling.Tests.Support;

namespace Starling.Node.Tests.Persistence;

public sealed class RdbCheckTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rdb-check").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_sound_file_is_told_as_redis_check_rdb_tells_it()
    {
        var path = Write("sound.rdb", Sample());
        var (exitCode, expected) = ProgramRun.Run("redis-check-rdb", [path]);
        Assert.Equal(0, exitCode);
        Assert.True(Check(path, out var report));
        Assert.Equal(WithoutOffsets(expected), WithoutOffsets(report));
    }

    /// <summary>Wherever it ends: the same verdict, and the same number of keys before.</summary>
    [Fact]
    public void A_cut_file_has_a_fault_as_for_redis_check_rdb()
    {
        var sample = Sample();
        for (var length = 0; length < sample.Length; length += 7)
        {
            var path = Write("cut.rdb", sample[..length]);
            var (exitCode, expected) = ProgramRun.Run("redis-check-rdb", [path]);
            Assert.Equal(1, exitCode);
            Assert.False(Check(path, out var report), $"cut at {length}");
            Assert.Contains("--- RDB ERROR DETECTED ---", report, StringComparison.Ordinal);
            Assert.Equal(Figures(expected), Figures(report));
        }
    }

    [Fact]
    public void A_changed_byte_breaks_the_checksum()
    {
        var sample = Sample();
        sample[^12] ^= 1;
        Assert.False(Check(Write("changed.rdb", sample), out var report));
        Assert.Contains("--- RDB ERROR DETECTED ---", report, StringComparison.Ordinal);
    }

    private static byte[] Sample() => RdbBytes.Make(writer =>
    {
        writer.SelectDatabase(0);
        RdbBytes.StringEntry(writer, new RdbEntry(0, "a"u8.ToArray(), "one"u8.ToArray()));
        RdbBytes.StringEntry(writer, new RdbEntry(0, "expired"u8.ToArray(), "two"u8.ToArray(), 1000));
        writer.SelectDatabase(3);
        RdbBytes.StringEntry(writer, new RdbEntry(3, "later"u8.ToArray(), Encoding.ASCII.GetBytes(new string('x', 200)), 33_000_000_000_000));
    });

    /// <summary>redis-check-rdb tells where a database was chosen, we where its first key is.</summary>
    private static string WithoutOffsets(string report) =>
        Regex.Replace(report.ReplaceLineEndings("\n"), @"\[offset \d+\]", "", RegexOptions.None, TimeSpan.FromSeconds(10));

    private static string Figures(string report) =>
        string.Join(' ', report.ReplaceLineEndings("\n").Split('\n').Where(line => line.StartsWith("[info]", StringComparison.Ordinal)));

    private static bool Check(string path, out string report)
    {
        using var output = new StringWriter();
        using var file = File.OpenRead(path);
        var isSound = new RdbCheck(output, TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds()).Run(path, file);
        report = output.ToString();
        return isSound;
    }

    private string Write(string name, byte[] bytes)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
