using Microsoft.Extensions.Logging;
using Starling.ClusterBus.Protocol;
using Starling.Slots;

namespace Starling.ClusterBus.Host;

/// <summary>
/// Carries out the machine's effects in their order. When the state has to be durable first, what follows waits for the disk, and everything behind it too;
/// the bus thread goes on listening meanwhile. Used by the bus thread only.
/// </summary>
internal sealed class EffectRunner
{
    private readonly IClusterActions _actions;
    private readonly TcpLinks _links;
    private readonly ConfigWriter _writer;
    private readonly ILogger _logger;
    private readonly Queue<EffectBatch> _batches = new();
    private readonly Queue<(long Request, Action Done)> _finished = new();
    private long _awaited;

    public EffectRunner(IClusterActions actions, TcpLinks links, ConfigWriter writer, ILogger logger)
    {
        _actions = actions;
        _links = links;
        _writer = writer;
        _logger = logger;
    }

    /// <summary>Effects wait for the disk.</summary>
    public bool IsBlocked => _batches.Count > 0;

    /// <summary>The time of connections that are made, milliseconds of Unix time.</summary>
    public long Now { get; set; }

    /// <summary>Adds a batch and carries out what can be.</summary>
    public void Add(EffectBatch batch)
    {
        if (batch.Effects.Count == 0 && batch.Done is null) return;
        _batches.Enqueue(batch);
        Drain();
    }

    /// <summary>Carries out what the disk allows by now.</summary>
    public void Drain()
    {
        while (_batches.TryPeek(out var batch))
        {
            while (_awaited <= _writer.Done && batch.Take() is { } effect) CarryOut(batch, effect);
            if (_awaited > _writer.Done) break;
            _batches.Dequeue();
            if (batch.Done is { } done) _finished.Enqueue((_writer.Requested, done));
        }

        while (_finished.TryPeek(out var finished) && finished.Request <= _writer.Done)
        {
            _finished.Dequeue();
            finished.Done();
        }
    }

    /// <summary>Carries out everything, waiting for the disk.</summary>
    public void Settle()
    {
        Drain();
        while (_batches.Count > 0 || _finished.Count > 0)
        {
            _writer.Wait(_writer.Requested);
            Drain();
        }
    }

    /// <summary>
    /// Publishes the view of a batch, if there is one and it was not done before. A node is a master before clients may see that it owns slots, and no longer
    /// named as an owner before it becomes a replica: between the two, clients would get READONLY errors that Redis never gives.
    /// </summary>
    public void Publish(EffectBatch batch)
    {
        if (batch.IsPublished) return;
        foreach (var effect in batch.Effects)
        {
            if (effect is not ClusterEffect.PublishView publish) continue;
            foreach (var other in batch.Effects)
            {
                if (other is ClusterEffect.BecomeMaster) Promote(batch);
            }

            _actions.Publish(publish.View);
            batch.IsPublished = true;
            return;
        }
    }

    private void CarryOut(EffectBatch batch, ClusterEffect effect)
    {
        switch (effect)
        {
            case ClusterEffect.Persist persist:
                var request = _writer.Request(persist.Sync);
                if (persist.Sync) _awaited = request;
                break;
            case ClusterEffect.PublishView: Publish(batch); break;
            case ClusterEffect.BecomeMaster: Promote(batch); break;
            case ClusterEffect.BecomeReplicaOf master:
                Publish(batch);
                _actions.BecomeReplicaOf(master.Ip, master.Port);
                break;
            case ClusterEffect.Connect connect: _links.Connect(connect, Now); break;
            case ClusterEffect.CloseLink close: _links.Close(close.Link); break;
            case ClusterEffect.Send send: _links.Send(send.Link, send.Packet); break;
            case ClusterEffect.PauseWrites pause: _actions.PauseWrites(pause.Until); break;
            case ClusterEffect.ResumeWrites: _actions.ResumeWrites(); break;
            case ClusterEffect.DeleteKeysInSlots delete: _actions.DeleteKeysInSlots(delete.Slots); break;
            case ClusterEffect.FlushAll: _actions.FlushAll(); break;
            case ClusterEffect.Deliver: break; // Nobody can subscribe yet.
            case ClusterEffect.Log line: Write(line); break;
            default: Invariant.Broken("every cluster effect is carried out"); break;
        }
    }

    private void Promote(EffectBatch batch)
    {
        if (batch.IsPromoted) return;
        batch.IsPromoted = true;
        _actions.BecomeMaster();
    }

    private void Write(ClusterEffect.Log line)
    {
        switch (line.Level)
        {
            case ClusterLogLevel.Debug: BusLog.Debug(_logger, line.Text); break;
            case ClusterLogLevel.Verbose: BusLog.Verbose(_logger, line.Text); break;
            case ClusterLogLevel.Notice: BusLog.Notice(_logger, line.Text); break;
            case ClusterLogLevel.Warning: BusLog.Warning(_logger, line.Text); break;
        }
    }
}
