using System.Diagnostics;
using System.Globalization;
using System.Text;
using Starling.Node.Persistence;
using Starling.Tests.Support;

namespace Starling.Node.Tests.Persistence;

/// <summary>Files exchanged with a real redis-server.</summary>
public sealed class RdbExchangeTests
{
    private const long FarFuture = 4_102_444_800_000;

    [Theory]
    [InlineData("yes", "yes")]
    [InlineData("no", "no")]
    public void What_redis_server_saves_is_read(string compression, string checksum)
    {
        using var server = ServerProcess.Start(
            ServerKind.Redis, "save ", "rdbcompression " + compression, "rdbchecksum " + checksum);
        var entries = Sample();
        using (var connection = server.Connect())
        {
            foreach (var entry in entries)
            {
                connection.Text("SELECT", entry.Database.ToString(CultureInfo.InvariantCulture));
                connection.Text("SET", Latin1(entry.Key), Latin1(entry.Value));
                if (entry.ExpiresAt > 0)
                    connection.Text("PEXPIREAT", Latin1(entry.Key), entry.ExpiresAt.ToString(CultureInfo.InvariantCulture));
            }

            connection.Text("SAVE");
        }

        using var file = File.OpenRead(Path.Combine(server.Folder, "dump.rdb"));
        var reader = new RdbReader(file, verifyChecksum: true);
        var found = RdbBytes.ReadAll(reader);
        Assert.Null(reader.Error);
        Assert.Equal(checksum == "no", reader.LacksChecksum);
        Assert.Equal(Sorted(entries), Sorted(found!));
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public void What_was_written_loads_in_redis_server(bool compression, bool checksum)
    {
        using var server = ServerProcess.Create(ServerKind.Redis, "save ");
        var entries = Sample();
        var path = Path.Combine(server.Folder, "dump.rdb");
        File.WriteAllBytes(path, RdbBytes.Make(
            writer =>
            {
                writer.StandardFields(1_700_000_000_000, 1, new ReplicationPosition(new string('b', 40), 77, 0));
                foreach (var entry in entries)
                {
                    if (writer.SelectDatabase(entry.Database)) writer.ResizeDatabase(entries.Count, 1);
                    RdbBytes.StringEntry(writer, entry);
                }
            },
            compression,
            checksum));
        Assert.Equal(0, CheckRdb(path));

        server.Start();
        using var connection = server.Connect();
        foreach (var entry in entries)
        {
            connection.Text("SELECT", entry.Database.ToString(CultureInfo.InvariantCulture));
            Assert.Equal(Latin1(entry.Value), connection.Call("GET", Latin1(entry.Key)));
            Assert.Equal(
                entry.ExpiresAt.ToString(CultureInfo.InvariantCulture), connection.Text("PEXPIRETIME", Latin1(entry.Key)));
        }
    }

    [Fact]
    public void Payloads_of_redis_server_are_read()
    {
        using var server = ServerProcess.Start(ServerKind.Redis, "save ");
        using var connection = server.Connect();
        foreach (var entry in Sample())
        {
            connection.Text("SET", Latin1(entry.Key), Latin1(entry.Value));
            var payload = Encoding.Latin1.GetBytes(connection.Text("DUMP", Latin1(entry.Key)));
            Assert.True(RdbBytes.TryReadString(payload, out var value, out _));
            Assert.Equal(entry.Value, value);
        }
    }

    [Fact]
    public void Damaged_payloads_are_refused_and_never_throw()
    {
        byte[] good = RdbCodecTests.WithChecksum([0, 0xC3, 9, 0x40, 100, 1, 97, 97, 0xE0, 87, 0, 1, 97, 97, 10, 0]);
        Assert.True(RdbBytes.TryReadString(good, out var value, out _));
        Assert.Equal(100, value.Length);
        for (var length = 0; length < good.Length; length++)
        {
            Assert.False(RdbBytes.TryReadString(good.AsSpan(0, length), out _, out var error));
            Assert.Equal("ERR DUMP payload version or checksum are wrong", error);
        }

        var random = new Random(5);
        for (var round = 0; round < 20_000; round++)
        {
            var body = good[..^8];
            for (var count = random.Next(1, 4); count > 0; count--) body[random.Next(body.Length - 2)] = (byte)random.Next(256);
            if (!RdbBytes.TryReadString(RdbCodecTests.WithChecksum(body), out _, out var error))
                Assert.StartsWith("ERR Bad data format", error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Payloads_of_newer_versions_are_refused()
    {
        Assert.False(RdbBytes.TryReadString(RdbCodecTests.WithChecksum([0, 1, 97, 13, 0]), out _, out var error));
        Assert.Equal("ERR DUMP payload version or checksum are wrong", error);
        Assert.True(RdbBytes.TryReadString(RdbCodecTests.WithChecksum([0, 1, 97, 12, 0]), out _, out _));
    }

    internal static List<RdbEntry> Sample()
    {
        var random = new Random(11);
        var entries = new List<RdbEntry>();
        long[] numbers = [0, 1, -1, 127, 128, -128, -129, 32767, 32768, 65536, int.MaxValue, int.MinValue, int.MaxValue + 1L, long.MinValue];
        foreach (var number in numbers)
            entries.Add(new RdbEntry($"number:{number}", number.ToString(CultureInfo.InvariantCulture)));
        int[] lengths = [0, 1, 20, 21, 40, 63, 64, 300, 16383, 16384, 70_000, 1_000_000];
        foreach (var length in lengths)
        {
            var noise = new byte[length];
            random.NextBytes(noise);
            entries.Add(new RdbEntry(0, Encoding.ASCII.GetBytes($"noise:{length}"), noise));
            var text = new byte[length];
            for (var i = 0; i < length; i++) text[i] = (byte)('a' + (random.Next(10) == 0 ? 1 : 0));
            entries.Add(new RdbEntry(5, Encoding.ASCII.GetBytes($"text:{length}"), text, FarFuture + length));
        }

        entries.Add(new RdbEntry("12345", "a key that is a number"));
        entries.Add(new RdbEntry(new string('k', 300), "a long key", FarFuture, 15));
        return entries;
    }

    internal static int CheckRdb(string path)
    {
        using var process = Process.Start(new ProcessStartInfo(Executables.Find("redis-check-rdb"), [path]) { RedirectStandardOutput = true })!;
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode;
    }

    private static string Latin1(byte[] bytes) => Encoding.Latin1.GetString(bytes);

    private static List<string> Sorted(IEnumerable<RdbEntry> entries) =>
        [.. entries.Select(entry => entry.ToString()).Order(StringComparer.Ordinal)];
}
