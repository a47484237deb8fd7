using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Starling.Node.Config;
using Starling.Resp;

namespace Starling.Node.Tests.Serving;

public sealed class ConcurrencyTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Commands_of_many_threads_neither_deadlock_nor_tear()
    {
        const int Seed = 99;
        const int Threads = 6;
        const int Batches = 1500;
        var server = new NodeServer(new ServerConfig(), NullLoggerFactory.Instance, TimeProvider.System);
        server.Replication.Log.CreateBacklog();
        var clients = Enumerable.Range(0, Threads)
            .Select(i => Task.Factory.StartNew(() => RunClient(server, new Random(Seed + i), Batches), TaskCreationOptions.LongRunning))
            .ToArray();
        await Task.WhenAll(clients).WaitAsync(Deadline, server.Clock);
        foreach (var client in clients) Assert.Empty(await client);
        Assert.False(server.Watches.IsInUse);
        server.Keyspace.Dispose();
    }

    /// <summary>What went wrong, or nothing.</summary>
    private static string RunClient(NodeServer server, Random random, int batches)
    {
        var transport = new ScriptedTransport();
        new ClientConnection(server.Serving, transport, isUnixSocket: false).Start();
        var replies = new RespReplyReader();
        for (var i = 0; i < batches; i++)
        {
            var commands = MakeBatch(random);
            transport.Kept = new MemoryStream();
            transport.Deliver(commands.SelectMany(TestClient.Encode).ToArray());
            replies.Append(transport.Kept.ToArray());
            foreach (var command in commands)
            {
                if (!replies.TryRead(out var reply)) return "no reply to " + string.Join(' ', command);
                if (command[0] == "EXEC" && !reply.IsNull && reply.Elements.Count == 2
                    && reply[0].Integer != reply[1].Integer) return "torn transaction: " + reply;
            }
        }

        transport.End();
        return "";
    }

    private static List<string[]> MakeBatch(Random random)
    {
        string Key() => "k" + random.Next(40).ToString(CultureInfo.InvariantCulture);
        var batch = new List<string[]>();
        for (var i = random.Next(1, 20); i > 0; i--)
        {
            switch (random.Next(14))
            {
                case 0: batch.Add(["MSET", Key(), "1", Key(), "2", Key(), "3"]); break;
                case 1: batch.Add(["DEL", Key(), Key()]); break;
                case 2: batch.Add(["RENAME", Key(), Key()]); break;
                case 3: batch.Add(["COPY", Key(), Key(), "DB", "1", "REPLACE"]); break;
                case 4: batch.Add(["EXPIRE", Key(), "0"]); break;
                case 5 when random.Next(10) == 0: batch.Add(["FLUSHALL", "ASYNC"]); break;
                case 6 when random.Next(10) == 0: batch.Add(["SWAPDB", "0", "1"]); break;
                case 7:
                    batch.AddRange([["WATCH", Key(), Key()], ["MULTI"], ["INCR", "x"], ["INCR", "y"], ["EXEC"]]);
                    break;
                case 8: batch.AddRange([["MULTI"], ["PING"], ["DBSIZE"], ["SET", Key(), "v"], ["EXEC"]]); break;
                case 9: batch.Add(["SCAN", "0"]); break;
                case 10: batch.Add(["SET", Key(), "v", "PX", "1"]); break;
                case 11: batch.Add(["APPEND", Key(), new string('a', random.Next(200))]); break;
                default: batch.Add(["GET", Key()]); break;
            }
        }

        return batch;
    }
}
