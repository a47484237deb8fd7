using Starling.Node.Execution;
using Starling.Node.Replication;
using Starling.Node.Serving;
using Starling.Slots.Keyspace;

namespace Starling.Node.Cluster;

/// <summary>
/// MIGRATE's work outside of the handler: connections to targets, the keys on the move, the threads that wait for the
/// network.
/// </summary>
public sealed class MigrateService : IDisposable
{
    private static readonly TimeSpan IdlePeriod = TimeSpan.FromSeconds(1);

    private readonly NodeBasics _basics;
    private readonly Executor _executor;
    private readonly ReplicationService _replication;
    private readonly MigrateConnectionCache _connections = new();

    /// <summary>Connections to targets that wait for the next MIGRATE: INFO's migrate_cached_sockets.</summary>
    public int CachedConnections => _connections.Count;

    /// <summary>Makes the service.</summary>
    public MigrateService(NodeBasics basics, Executor executor, ReplicationService replication, ShutdownService shutdown)
    {
        (_basics, _executor, _replication) = (basics, executor, replication);
        shutdown.IsMigrating = () => IsActive;
        basics.Cron.Every(IdlePeriod, _connections.CloseIdle);
    }

    /// <summary>The keys on the move.</summary>
    public MigrationBarrier Barrier { get; } = new();

    /// <summary>A transfer is under way.</summary>
    public bool IsActive => Barrier.IsActive;

    /// <inheritdoc/>
    public void Dispose() => _connections.Dispose();

    /// <summary>
    /// Sends keys to another node while the client waits, and deletes them here unless COPY. Called by the handler,
    /// with the stripes of the keys held, which has just read their values.
    /// </summary>
    /// <param name="call">The MIGRATE; suspended by this.</param>
    /// <param name="options">Where to and how.</param>
    /// <param name="keys">The keys, each once or more, as called.</param>
    /// <param name="restores">The RESTORE commands, one for each, complete.</param>
    internal void Begin(CommandContext call, MigrateOptions options, List<byte[]> keys, MigratePayload restores)
    {
        string? error = null;
        var suspension = call.Suspend(
            deadline: 0,
            (reply, _) =>
            {
                if (error is null) reply.Simple("OK"u8);
                else reply.Error(error);
            });
        var database = call.Database;
        var began = (_replication.RoleChanges, _replication.Persistence.Loads);

        // A copy leaves the key here, so that nothing is lost whatever happens to it meanwhile.
        List<byte[]> held = options.Copy ? [] : keys;
        Barrier.Raise(held);
        var session = call.Session;
        var work = () =>
        {
            try
            {
                error = Run(options, database, keys, restores, began);
            }
            finally
            {
                Barrier.Lower(held);
                _basics.Clients.EndKeyHold();
            }

            // The client waits: nobody else looks at this. Its reply, and its WAIT, are about the deletions too.
            session.LastWriteOffset = _replication.Log.Offset;
            _replication.Flush(); // the client, who would see to it, may have gone
            suspension.Complete();
        };

        // To start a thread takes long; the barrier holds the keys until then.
        call.Afterwards.Enqueue(() =>
        {
            if (new Thread(() => work()) { Name = "migrate", IsBackground = true }.TryStart()) return;
            error = MigrateTransfer.CannotConnect;
            Barrier.Lower(held);
            _basics.Clients.EndKeyHold();
            suspension.Complete();
        });
    }

    private string? Run(
        MigrateOptions options, Database database, List<byte[]> keys, MigratePayload restores, (long RoleChanges, long Loads) began)
    {
        var transfer = new MigrateTransfer(options, _connections, restores, keys.Count);
        var error = transfer.Run(() => _basics.NowMilliseconds);
        if (options.Copy) return error;

        var gone = new List<byte[]>(keys.Count);
        var stripes = default(StripeSet);
        for (var i = 0; i < keys.Count; i++)
        {
            if (!transfer.IsAcknowledged(i)) continue;
            gone.Add(keys[i]);
            stripes.AddSlot(_basics.Keyspace.Key(keys[i]).Slot);
        }

        if (gone.Count == 0) return error;
        using var scope = _replication.Persistence.OpenWhenLoaded(LockPlan.Stripes(stripes));

        // Lost the role meanwhile: what this node holds is its master's to decide, and so are these keys.
        if (_replication.IsReplica) return "READONLY You can't write against a read only replica.";

        // Lost it and has it again: a key may have got another value from the master of the meantime.
        if (_replication.RoleChanges != began.RoleChanges)
            return "ERR This node was a replica for a while during the transfer: the keys were copied, not moved";
        if (_replication.Persistence.Loads != began.Loads)
            return "ERR This node has loaded its data set anew during the transfer: the keys were copied, not moved";

        foreach (var key in gone) scope.Call.Delete(database, _basics.Keyspace.Key(key), DeleteReason.Migrated);
        return error;
    }
}
