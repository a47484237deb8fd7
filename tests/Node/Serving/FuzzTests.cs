using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Starling.Node.Config;

namespace Starling.Node.Tests.Serving;

/// <summary>Runs alone: it measures the memory of the whole process.</summary>
[Collection(AloneCollection.Name)]
public sealed class FuzzTests
{
    private static readonly string[][] Commands =
    [
        ["PING"], ["ECHO", "x"], ["SET", "k", "v"], ["SET", "k", "v", "EX", "10", "NX"], ["GET", "k"], ["INCR", "n"], ["MULTI"], ["EXEC"],
        ["DISCARD"], ["WATCH", "k", "n"], ["DEL", "k", "n"], ["HELLO", "3"], ["HELLO", "2"], ["CLIENT", "LIST"], ["CLIENT", "REPLY", "SKIP"],
        ["COMMAND", "INFO", "get"], ["COMMAND", "GETKEYS", "mset", "a", "1"], ["SELECT", "3"], ["RESET"], ["MSET", "a", "1", "b", "2"],
        ["EXPIRE", "k", "100"], ["APPEND", "k", "tail"], ["GETRANGE", "k", "0", "-1"], ["SCAN", "0"], ["AUTH", "x"], ["OBJECT", "ENCODING", "k"],
        ["SETRANGE", "k", "10", "x"], ["CONFIG", "GET", "max*"], ["INFO"], ["LCS", "a", "b"], ["RANDOMKEY"], ["DUMP", "k"],
    ];

    [Fact]
    public void A_hundred_thousand_mutated_streams_leave_the_server_up_and_its_memory_bounded()
    {
        const int Streams = 100_000;
        const int Seed = 4711;
        var server = new NodeServer(
            new ServerConfig { ProtoMaxBulkLen = 1 << 20, ClientQueryBufferLimit = 4 << 20 }, NullLoggerFactory.Instance, TimeProvider.System);
        var random = new Random(Seed);
        long before = 0;
        for (var i = 0; i < Streams; i++)
        {
            if (i == 5000) before = MemoryInUse(server);
            var transport = new ScriptedTransport();
            var connection = new ClientConnection(server.Serving, transport, isUnixSocket: false);
            connection.Start();
            var bytes = MakeStream(random);
            for (var at = 0; at < bytes.Length && !transport.IsClosed;)
            {
                var piece = Math.Min(bytes.Length - at, random.Next(1, 200));
                transport.Deliver(bytes.AsSpan(at, piece));
                at += piece;
            }

            transport.End();
            Assert.True(connection.IsClosing, $"seed {Seed}, stream {i}: {Encoding.Latin1.GetString(bytes)}");
        }

        var after = MemoryInUse(server);
        Assert.True(after - before < 32 << 20, $"memory grew from {before} to {after}");
        Assert.False(server.Watches.IsInUse);
        var last = new ScriptedTransport { Kept = new MemoryStream() };
        new ClientConnection(server.Serving, last, isUnixSocket: false).Start();
        last.Deliver("PING\r\n"u8);
        Assert.Equal("+PONG\r\n", Encoding.ASCII.GetString(last.Kept.ToArray()));
        server.Keyspace.Dispose();
    }

    /// <summary>Bytes; what other tests have left is collected first, which takes two collections where it has finalizers.</summary>
    private static long MemoryInUse(NodeServer server)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        return GC.GetTotalMemory(forceFullCollection: false) + server.Keyspace.UsedBytes;
    }

    private static byte[] MakeStream(Random random)
    {
        var bytes = new List<byte>();
        for (var i = random.Next(1, 5); i > 0; i--)
        {
            var command = Commands[random.Next(Commands.Length)];
            bytes.AddRange(random.Next(4) == 0
                ? Encoding.ASCII.GetBytes(string.Join(' ', command) + "\r\n")
                : TestClient.Encode(command));
        }

        for (var i = random.Next(4); i > 0; i--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(4))
            {
                case 0: bytes[at] = (byte)random.Next(256); break;
                case 1: bytes.Insert(at, (byte)random.Next(256)); break;
                case 2 when bytes.Count > 1: bytes.RemoveAt(at); break;
                default: bytes[at] ^= (byte)(1 << random.Next(8)); break;
            }
        }

        return [.. bytes];
    }
}
