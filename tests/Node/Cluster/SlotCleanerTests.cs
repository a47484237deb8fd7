using Microsoft.Extensions.Logging.Abstractions;
using Starling.ClusterBus.View;
using Starling.Node.Cluster;
using Starling.Node.Config;

namespace Starling.Node.Tests.Cluster;

public sealed class SlotCleanerTests
{
    /// <summary>A manual failover, or a shutdown, that paused writes counts on an offset that stands still.</summary>
    [Fact]
    public void Nothing_is_deleted_while_writes_are_paused()
    {
        var config = new ServerConfig { ClusterEnabled = true, Databases = 1, Save = [] };
        var server = new NodeServer(config, NullLoggerFactory.Instance, TimeProvider.System);
        var key = server.Keyspace.Key("a"u8);
        using (server.Keyspace.LockSlot(key.Slot)) server.Keyspace[0].SetString(key, "1"u8, -1, 0);
        var slots = new SlotSet();
        slots.Add(key.Slot);
        var cleaner = new SlotCleaner(server.Basics, server.Executor, server.Persistence, server.Cluster!, NullLogger.Instance);
        cleaner.Add(slots);
        server.Clients.PauseWrites("test", long.MaxValue);
        Assert.True(cleaner.DoPart());
        Assert.Equal(1, server.Keyspace[0].Count);
        server.Clients.Unpause("test");
        Assert.False(cleaner.DoPart());
        Assert.Equal(0, server.Keyspace[0].Count);
        server.Keyspace.Dispose();
    }
}
