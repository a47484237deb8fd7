using Starling.Node.Execution;

namespace Starling.Node.Serving;

/// <summary>The node's half of a client: its commands go through the executor.</summary>
internal sealed class NodeClient : IServedClient
{
    private readonly NodeParts _node;
    private readonly ClientConnection _connection;
    private readonly NodeSession _session;
    private readonly CommandContext _context;

    /// <summary>Makes it for a connection that has no session yet.</summary>
    public NodeClient(NodeParts node, ClientConnection connection)
    {
        _node = node;
        _connection = connection;
        _session = new NodeSession(node.Clients.NextId(), ClientOrigin.Client);
        node.AccessControl.Begin(_session);
        _context = new CommandContext(node, _session, connection.Reply);
    }

    /// <inheritdoc/>
    public ClientSession Session => _session;

    /// <inheritdoc/>
    public CommandRow? UnfinishedChange => _context.MayHaveChanged ? _context.Command : null;

    /// <inheritdoc/>
    public long ArgumentBytes => _context.Arguments.TotalLength;

    /// <inheritdoc/>
    public long QueuedBytes => _session.Transaction?.ArgumentBytes ?? 0;

    /// <inheritdoc/>
    public bool IsRunning { get; private set; }

    /// <inheritdoc/>
    public bool IsWaiting => _session.Waiter is not null;

    /// <inheritdoc/>
    public bool IsWoken => _session.Waiter is { End: not WaitEnd.Waiting };

    /// <inheritdoc/>
    public DispatchOutcome Run(CommandBatch batch)
    {
        var resolved = ResolvedBatch.Rent();
        resolved.Resolve(batch, _node.Commands, _node.Keyspace, _context.Database);
        _context.Now = batch.Now;
        _context.Stats = batch.Counters;
        IsRunning = true;
        try
        {
            var outcome = Run(batch, resolved);
            _context.Timer.Look(); // while the arguments are there
            resolved.Return();
            return outcome;
        }
        finally
        {
            IsRunning = false;
        }
    }

    private DispatchOutcome Run(CommandBatch batch, ResolvedBatch resolved)
    {
        var context = _context;
        var reply = context.Reply;
        for (var i = 0; i < batch.Count; i++)
        {
            var pending = batch.Commands[i];
            ref readonly var command = ref resolved[i];
            context.Load(pending.Arguments, command);
            var mode = _session.BeginReply(reply);
            var outcome = command.Command is null && ForeignProtocol.BeginsLine(pending.Arguments[0])
                ? DispatchOutcome.CrossProtocol
                : _node.Executor.Execute(context, command.Command);
            _session.EndReply(reply, mode, outcome);
            if (outcome == DispatchOutcome.Done && _connection.MayGoOn) continue;
            batch.Stopped = pending;
            return outcome;
        }

        return DispatchOutcome.Done;
    }

    /// <inheritdoc/>
    public long EndTurn()
    {
        _context.Timer.End();
        if (_session.Suspension is null) _context.Keys.Trim();
        if (_session.HasRun) _session.NoteSeen(_node.Replication.Log.Offset); // before the replies leave
        return _session.LastWriteOffset;
    }

    /// <inheritdoc/>
    public void EndSuspended()
    {
        _context.Now = _node.NowMilliseconds;
        _context.Stats = _node.Stats.Own;
        _context.Timer.EndPutOff();
        _node.Tracking.TellOwn(_session, _context.Reply);
    }

    /// <inheritdoc/>
    public string Describe() => ClientInfo.Describe(_connection, _session, _node.NowMilliseconds);

    /// <inheritdoc/>
    public void Leave()
    {
        if (_session.Transaction is { } transaction) _node.Buffers.NoteDropped(transaction.HeldBytes);
        _session.Transaction = null;
        _node.Watches.RemoveAll(_session);
        if (_session.Subscriber is { } subscriber) _node.Publisher.Table.RemoveAll(subscriber);
        _node.Tracking.Disable(_session);
        _node.Monitors.Remove(_session);
        if (_session.Waiter is { } waiter) _node.Executor.Abandon(waiter);
    }
}
