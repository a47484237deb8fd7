using System.Globalization;
using System.Text;
using Starling.Executable.Tests;
using Starling.Tests.Support;

namespace Starling.Fuzzer;

/// <summary>The inputs that a run begins with: what servers write of every type and encoding.</summary>
internal static class FuzzSeeds
{
    private const int ChecksumLength = 8;

    private static readonly string[] SmallLimits =
    [
        "hash-max-listpack-entries 4", "zset-max-listpack-entries 4", "set-max-intset-entries 4", "list-max-listpack-size 4", "stream-node-max-entries 3",
    ];

    /// <summary>Writes the inputs of a target into a folder.</summary>
    public static void Write(string target, string folder)
    {
        var number = 0;
        foreach (var input in Of(target))
        {
            if (input.Length is 0 or > InputRecord.LongestInput) continue;
            File.WriteAllBytes(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"seed-{number++:D4}")), input);
        }
    }

    private static IEnumerable<byte[]> Of(string target) => target switch
    {
        "restore" => Payloads().Select(text => Encoding.Latin1.GetBytes(text)),
        "rdb" => Files(),
        "bus" => Golden("*.bin"),
        "nodes" => [.. Golden("*.conf"), Encoding.ASCII.GetBytes("vars currentEpoch 3 lastVoteEpoch 2\n")],
        "requests" => Requests().Select(text => Encoding.Latin1.GetBytes(text)),
        _ => throw new ArgumentException("no target " + target, nameof(target)),
    };

    private static List<string> Payloads()
    {
        List<string> payloads = [.. DumpPayloads.Old()];
        foreach (var kind in new[] { ServerKind.Redis, ServerKind.Starling })
        {
            foreach (var directives in new[] { [], SmallLimits })
            {
                using var server = ServerProcess.Start(kind, ["save ", .. directives]);
                using var connection = server.Connect();
                payloads.AddRange(DumpPayloads.Of(connection));
            }
        }

        return [.. payloads.Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Files of few keys each, and one of all, without their checksums.</summary>
    private static List<byte[]> Files()
    {
        var files = new List<byte[]>();
        foreach (var kind in new[] { ServerKind.Redis, ServerKind.Starling })
        {
            using var server = ServerProcess.Start(kind, "save ");
            using var connection = server.Connect();
            var contents = DumpPayloads.Of(connection);
            if (kind == ServerKind.Starling) contents.AddRange(DumpPayloads.Old());
            var version = kind == ServerKind.Starling ? 12 : 10;
            for (var i = 0; i < contents.Count; i++)
            {
                connection.Text("FLUSHALL", "SYNC");
                Restore("key", contents[i]);
                connection.Text("SELECT", "3");
                connection.Text("SET", "expiring", "text", "PXAT", "33000000000000");
                connection.Text("SELECT", "0");
                files.Add(Saved());
            }

            for (var i = 0; i < contents.Count; i++) Restore("key" + i.ToString(CultureInfo.InvariantCulture), contents[i]);
            files.Add(Saved());

            void Restore(string key, string content) => connection.Text("RESTORE", key, "0", DumpPayloads.WithFooter(content, version), "REPLACE");
            byte[] Saved()
            {
                connection.Text("SAVE");
                return File.ReadAllBytes(Path.Combine(server.Folder, "dump.rdb"))[..^ChecksumLength];
            }
        }

        return files;
    }

    private static IEnumerable<byte[]> Golden(string pattern) =>
        Directory.EnumerateFiles(Path.Combine(Executables.RepositoryRoot, "tests/ClusterBus/Golden"), pattern).Order(StringComparer.Ordinal).Select(File.ReadAllBytes);

    private static string[] Requests() =>
    [
        "*1\r\n$4\r\nPING\r\n", "PING\r\n", "set \"a b\" 'c\\'d' \"\\x41\\n\"\r\nget a\r\n", "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nhello\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n",
        "*0\r\n*-1\r\n\r\n*1\r\n$0\r\n\r\n", "*2\n$3\nGET\n$1\nk\n", "*1\r\n$-1\r\n", "*1\r\n:1\r\n", "*2147483648\r\n", "*1\r\n$536870913\r\n",
    ];
}
