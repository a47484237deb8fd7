using System.Diagnostics;
using System.Globalization;
using StackExchange.Redis;
using Starling.Tests.Support;

namespace Starling.EndToEnd.Tests;

/// <summary>
/// Client libraries of others work with a cluster and find their way through a failover by themselves.
/// </summary>
public class ClientLibraryTests
{
    private static readonly ServerKind[] Three = [ServerKind.Starling, ServerKind.Starling, ServerKind.Starling];

    [Fact]
    public void StackExchange_Redis_recovers_from_a_failover_by_itself()
    {
        using var cluster = TestCluster.Create(Three, Three);
        var options = new ConfigurationOptions
        {
            AbortOnConnectFail = false,
            ConnectRetry = 10,
            ConnectTimeout = 30_000,
            SyncTimeout = 30_000,
            AllowAdmin = true,
        };
        foreach (var node in cluster.Nodes) options.EndPoints.Add("127.0.0.1", node.Port);
        using var client = ConnectionMultiplexer.Connect(options);
        var database = client.GetDatabase();
        for (var i = 0; i < 1000; i++)
        {
            Assert.True(database.StringSet("sx:" + i, "value " + i));
            Assert.Equal("value " + i, database.StringGet("sx:" + i));
        }

        Assert.Equal(10, database.StringIncrement("sx:counter", 10));
        Assert.True(database.KeyExpire("sx:1", TimeSpan.FromHours(1)));
        Assert.InRange(database.KeyTimeToLive("sx:1")!.Value, TimeSpan.FromMinutes(50), TimeSpan.FromMinutes(60));
        cluster.WaitUntilReplicasHaveCaughtUp();

        cluster.Nodes[0].Kill();
        Wait.Until("every key can be read and written again", () =>
        {
            try
            {
                for (var i = 0; i < 1000; i++)
                {
                    if (database.StringGet("sx:" + i) != "value " + i || !database.StringSet("sx:" + i, "value " + i)) return false;
                }

                return true;
            }
            catch (Exception exception) when (exception is RedisException or TimeoutException)
            {
                return false; // what the library throws while the slots have no master
            }
        });
    }

    [Fact]
    public void Ioredis_recovers_from_a_failover_by_itself()
    {
        var clients = Path.Combine(Executables.RepositoryRoot, "tests/EndToEnd/NodeClients");
        var (installed, installation) = ProgramRun.Run(Executables.Find("npm"), ["ci", "--no-audit", "--no-fund"], folder: clients);
        Assert.True(installed == 0, installation);
        using var cluster = TestCluster.Create(Three, Three);

        var start = new ProcessStartInfo(Executables.Find("node"))
        {
            WorkingDirectory = clients,
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        };
        start.ArgumentList.Add("ioredis-failover.mjs");
        foreach (var node in cluster.Nodes) start.ArgumentList.Add(node.Port.ToString(CultureInfo.InvariantCulture));
        using var process = Process.Start(start) ?? throw new InvalidOperationException("node did not start");
        try
        {
            // The script tells how far it is, and is told when the master is gone.
            Assert.Equal("filled", process.StandardOutput.ReadLine());
            cluster.WaitUntilReplicasHaveCaughtUp();
            cluster.Nodes[1].Kill();
            process.StandardInput.WriteLine("killed");
            Assert.Equal("recovered", process.StandardOutput.ReadLine());
            Assert.True(process.WaitForExit(Wait.Patience));
            Assert.Equal(0, process.ExitCode);
        }
        finally
        {
            if (!process.HasExited) process.Kill();
        }
    }
}
