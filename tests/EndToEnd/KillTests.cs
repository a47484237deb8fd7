using System.Globalization;
using System.Net.Sockets;
using Starling.Tests.Support;
using Xunit.Abstractions;

namespace Starling.EndToEnd.Tests;

/// <summary>A master that is killed loses no write that it acknowledged and that its replica could take.</summary>
public class KillTests(ITestOutputHelper output)
{
    private const int Writers = 4;
    private const int Pipeline = 16;

    [Theory]
    [InlineData(ServerKind.Starling)]
    [InlineData(ServerKind.Redis)]
    public void What_a_killed_master_acknowledged_is_on_its_replica(ServerKind replicaKind)
    {
        const int Kills = 3;
        for (var kill = 0; kill < Kills; kill++)
        {
            using var master = ServerProcess.Start(ServerKind.Starling, "save ", "io-threads 2", "repl-diskless-sync-delay 0");
            using var replica = ServerProcess.Start(
                replicaKind, "save ", "replicaof 127.0.0.1 " + master.Port.ToString(CultureInfo.InvariantCulture));
            Wait.Until("the replica is in sync", () => replica.Info("replication", "master_link_status") == "up");
            var acknowledged = new long[Writers];
            var threads = Enumerable.Range(0, Writers).Select(writer => new Thread(() => Write(master.Port, writer, acknowledged))).ToList();
            foreach (var thread in threads) thread.Start();
            Wait.Until("there were writes", () => acknowledged.All(count => Volatile.Read(ref count) > 2000));

            // A replica that has just begun may be behind for a moment: what it could not take is another matter.
            Wait.Until("the replica keeps up", () =>
                long.Parse(master.Info("replication", "master_repl_offset")!, CultureInfo.InvariantCulture)
                - long.Parse(replica.Info("replication", "slave_repl_offset")!, CultureInfo.InvariantCulture) < 100_000);
            master.Kill();
            foreach (var thread in threads) thread.Join();
            Wait.Until("the replica knows", () => replica.Info("replication", "master_link_status") == "down");
            replica.Text("REPLICAOF", "NO", "ONE");
            output.WriteLine($"kill {kill}: {acknowledged.Sum()} acknowledged");
            Assert.Empty(Missing(replica, acknowledged));
        }
    }

    /// <summary>Sets keys of its own, each once, until the connection breaks.</summary>
    private static void Write(int port, int writer, long[] acknowledged)
    {
        try
        {
            using var client = new RespConnection(port);
            for (var number = 0L; ; number += Pipeline)
            {
                for (var i = 0L; i < Pipeline; i++) client.Send("SET", Key(writer, number + i), "1");
                for (var i = 0L; i < Pipeline; i++)
                {
                    if (client.Read() is not "OK") return;
                    Volatile.Write(ref acknowledged[writer], number + i + 1);
                }
            }
        }
        catch (Exception end) when (end is IOException or SocketException)
        {
            // The master was killed: what was acknowledged until now counts.
        }
    }

    private static List<string> Missing(ServerProcess replica, long[] acknowledged)
    {
        const int Batch = 500;
        var missing = new List<string>();
        using var client = replica.Connect();
        for (var writer = 0; writer < Writers; writer++)
        {
            for (var first = 0L; first < acknowledged[writer]; first += Batch)
            {
                var count = (int)Math.Min(Batch, acknowledged[writer] - first);
                for (var i = 0; i < count; i++) client.Send("EXISTS", Key(writer, first + i));
                for (var i = 0; i < count; i++)
                    if (client.Read() is not 1L) missing.Add(Key(writer, first + i));
            }
        }

        return missing;
    }

    private static string Key(int writer, long number) => string.Create(CultureInfo.InvariantCulture, $"k:{writer}:{number}");
}
