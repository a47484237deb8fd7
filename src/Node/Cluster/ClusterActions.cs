using Microsoft.Extensions.Logging;
using Starling.ClusterBus.Host;
using Starling.ClusterBus.Protocol;
using Starling.ClusterBus.View;
using Starling.Node.Execution;
using Starling.Node.PubSub;
using Starling.Node.Replication;

namespace Starling.Node.Cluster;

/// <summary>What the cluster bus makes this server do.</summary>
internal sealed class ClusterActions : IClusterActions
{
    private const string PauseReason = "failover";

    private readonly NodeBasics _basics;
    private readonly Executor _executor;
    private readonly ReplicationService _replication;
    private readonly MigrateService _migrations;
    private readonly Publisher _publisher;
    private readonly ClusterService _cluster;
    private readonly ILogger _logger;
    private readonly SlotCleaner _cleaner;
    private readonly InternalClient _client;
    private volatile bool _isPaused;

    public ClusterActions(
        NodeBasics basics,
        Executor executor,
        ReplicationService replication,
        MigrateService migrations,
        Publisher publisher,
        ClusterService cluster,
        ILogger logger)
    {
        (_basics, _executor, _replication, _migrations) = (basics, executor, replication, migrations);
        _publisher = publisher;
        _cluster = cluster;
        _logger = logger;
        _cleaner = new SlotCleaner(basics, executor, replication.Persistence, cluster, logger);
        _client = new InternalClient(executor, replication.Persistence);
    }

    /// <inheritdoc/>
    public ClusterOptions Options
    {
        get
        {
            var config = _basics.Config;
            return new ClusterOptions
            {
                NodeTimeout = config.ClusterNodeTimeout,
                PingInterval = config.ClusterPingInterval,
                ReplicaValidityFactor = config.ClusterReplicaValidityFactor,
                ReplicationPingPeriod = config.ReplPingReplicaPeriod * 1000L,
                MigrationBarrier = config.ClusterMigrationBarrier,
                AllowReplicaMigration = config.ClusterAllowReplicaMigration,
                AllowEmptyMaster = config.ClusterAllowEmptyMaster,
                RequireFullCoverage = config.ClusterRequireFullCoverage,
                ReplicaNoFailover = config.ClusterReplicaNoFailover,
                Port = config.ClusterAnnouncePort != 0 ? config.ClusterAnnouncePort : config.Port,
                TlsPort = config.ClusterAnnounceTlsPort,
                BusPort = config.ClusterAnnounceBusPort != 0
                    ? config.ClusterAnnounceBusPort
                    : _cluster.BusPort,
                AnnounceIp = config.ClusterAnnounceIp ?? "",
                AnnounceHostname = config.ClusterAnnounceHostname,
                AnnounceHumanName = config.ClusterAnnounceHumanNodename,
            };
        }
    }

    /// <inheritdoc/>
    public LocalStatus Status()
    {
        var replication = _replication;

        // Read before the offset: an offset counts only as one of that master's history.
        var master = replication.Followed;
        var contact = master?.LastContact ?? 0;

        // Read before the offset: what is said to stand still must not be from before it stood. A MIGRATE under way
        // still has to delete what it moved.
        var writesPaused = _isPaused && !_migrations.IsActive;
        return new LocalStatus
        {
            ReplicationOffset = replication.Offset,
            MasterDataAge = contact == 0 ? long.MaxValue : Math.Max(0, _basics.SteadyMilliseconds - contact),
            WritesPaused = writesPaused,
            Master = master is { } followed ? (followed.Host, followed.Port) : null,
            IsLinkUp = master is { IsLinkUp: true },
            HasSynchronized = master is { HasBeenUp: true },
            IsDataIncomplete = master is { IsDataIncomplete: true },
        };
    }

    /// <summary>The slots whose keys from a former time are still to be deleted, or null. Any thread.</summary>
    public SlotSet? Unclean => _cleaner.Pending;

    /// <inheritdoc/>
    public void Publish(ClusterView view) => _cluster.Publish(view);

    /// <inheritdoc/>
    public void BecomeReplicaOf(string host, int port)
    {
        _cleaner.Forget();
        _replication.ReplicateFrom(host, port);
    }

    /// <inheritdoc/>
    public void BecomeMaster() => _replication.Promote();

    /// <inheritdoc/>
    public void StopFollowing() => _replication.StopFollowing();

    /// <inheritdoc/>
    public void PauseWrites()
    {
        // It is the machine that ends it: how long it lasts is not for a wall clock to say.
        _basics.Clients.PauseWrites(PauseReason, long.MaxValue);

        // Whoever got past the gate before the pause holds its stripes: once all of them were free, no write is under
        // way.
        _executor.Open(LockPlan.All).Dispose();
        _isPaused = true;
    }

    /// <inheritdoc/>
    public void ResumeWrites()
    {
        _isPaused = false;
        _basics.Clients.Unpause(PauseReason);
    }

    /// <inheritdoc/>
    public void DeleteKeysInSlots(SlotSet slots) => _cleaner.Add(slots);

    /// <inheritdoc/>
    public void Deliver(byte[] channel, byte[] message, bool sharded) => _publisher.Deliver(sharded, channel, message);

    /// <inheritdoc/>
    public void FlushAll()
    {
        // A snapshot that is being loaded has a value in its hands, outside of every stripe.
        _replication.WaitUntilQuiet();
        _client.FlushAll();
        _replication.Flush();
    }

    /// <inheritdoc/>
    public bool DoWork()
    {
        if (_basics.Clients.IsPaused(_basics.NowMilliseconds) || _replication.Persistence.IsLoading) return false;
        var hasMore = _cleaner.DoPart();
        _replication.Flush();
        return hasMore;
    }

    /// <inheritdoc/>
    public void Fail(string message)
    {
        ClusterLog.Fatal(_logger, message);
        Environment.Exit(1);
    }
}
