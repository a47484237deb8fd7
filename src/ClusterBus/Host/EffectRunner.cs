using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Starling.ClusterBus.Protocol;
using Starling.Slots;

namespace Starling.ClusterBus.Host;

/// <summary>
/// Carries out the machine's effects in their order, on the bus thread. None waits for the disk: the machine is told when
/// its state is durable, and asks then for what had to wait.
/// </summary>
internal sealed class EffectRunner
{
    // Guards the queue; the machine's lock is held around it when a batch is added, so that batches are in the order of
    // the calls. Under it only the writer's lock.
    private readonly RankedLock _queueGate = new(LockRank.ClusterEffects, "EffectRunner's queue");

    // Guards which view was published last. Taken with stripes held, or without; publishing takes no stripe.
    private readonly RankedLock _publishGate = new(LockRank.ClusterEffects, "EffectRunner's view");
    private readonly IClusterActions _actions;
    private readonly IBusLinks _links;
    private readonly IConfigStore _writer;
    private readonly ILogger _logger;
    private readonly Queue<EffectBatch> _batches = new();
    private readonly Queue<(long Request, long Number)> _written = new();
    private readonly Queue<(long Request, Action Done)> _finished = new();
    private readonly Queue<(long Request, Action Done)> _finishedEarly = new();
    private EffectBatch? _early;
    private long _lastPromotion;
    private long _promoted;
    private long _published;
    private int _durable; // batches whose state is not durable and visible yet
    private int _taken;

    public EffectRunner(IClusterActions actions, IBusLinks links, IConfigStore writer, ILogger logger)
    {
        _actions = actions;
        _links = links;
        _writer = writer;
        _logger = logger;
    }

    /// <summary>Something still waits for the disk, or to be carried out.</summary>
    public bool IsBusy => _finished.Count > 0 || _written.Count > 0 || TryPeek(out _) || HasFinishedEarly;

    /// <summary>The time of connections that are made, as the machine's.</summary>
    public long Now { get; set; }

    /// <summary>Adds a batch. Any thread that holds the machine's lock.</summary>
    public void Add(EffectBatch batch)
    {
        using (_queueGate.Enter())
        {
            _batches.Enqueue(batch);
            if (batch.Promotes) Volatile.Write(ref _lastPromotion, batch.Sequence);
            if (batch.PersistsDurably) _durable++;
        }
    }

    /// <summary>
    /// Asks for nodes.conf to be written before the turn of a batch that was just added: whoever waits for it waits for
    /// one thread less. Not while something else has to be durable first, since a slot that was won is shown only then.
    /// Any thread.
    /// </summary>
    public void WriteEarly(EffectBatch batch)
    {
        using (_queueGate.Enter())
        {
            if (_durable == 0 && batch.TryTakeWrite()) batch.EarlyRequest = _writer.Request(sync: false);
        }
    }

    /// <summary>
    /// Publishes the view of a batch that was just added, before its turn. While this node is still to become a master,
    /// the view is published in place of the one that makes it an owner instead: until then nobody is served here, and
    /// whoever was told that a slot has gone must not see it served later. Any thread.
    /// </summary>
    public void PublishEarly(EffectBatch batch)
    {
        using (_publishGate.Enter())
        {
            if (_promoted < Volatile.Read(ref _lastPromotion)) _early = batch;
            else PublishLocked(batch);
        }
    }

    /// <summary>Carries out what was added.</summary>
    public void Drain()
    {
        while (TryPeek(out var batch))
        {
            while (batch.Take() is { } effect) CarryOut(batch, effect);
            Finish(batch);
        }
    }

    /// <summary>Takes the number of the last of the machine's requests that are durable by now, or 0.</summary>
    public long TakePersisted()
    {
        // What those before have made visible was carried out meanwhile.
        using (_queueGate.Enter()) _durable -= _taken;
        _taken = 0;
        long number = 0;
        while (_written.TryPeek(out var written) && written.Request <= _writer.Done)
        {
            _written.Dequeue();
            number = written.Number;
            _taken++;
        }

        return number;
    }

    /// <summary>Tells who waits for batches that are carried out and on the disk.</summary>
    public void Report()
    {
        while (_finished.TryPeek(out var finished) && finished.Request <= _writer.Done)
        {
            _finished.Dequeue();
            finished.Done();
        }

        ReportEarly();
    }

    /// <summary>
    /// Tells who waits for batches that were written before their turn. Any thread: also the one that writes.
    /// </summary>
    public void ReportEarly()
    {
        while (true)
        {
            (long Request, Action Done) finished;
            using (_queueGate.Enter())
            {
                if (!_finishedEarly.TryPeek(out finished) || finished.Request > _writer.Done) return;
                _finishedEarly.Dequeue();
            }

            finished.Done();
        }
    }

    /// <summary>Waits until everything that was requested is on the disk.</summary>
    public void WaitForDisk() => _writer.Wait(_writer.Requested);

    private bool HasFinishedEarly
    {
        get
        {
            using (_queueGate.Enter()) return _finishedEarly.Count > 0;
        }
    }

    private bool TryPeek([NotNullWhen(true)] out EffectBatch? batch)
    {
        using (_queueGate.Enter()) return _batches.TryPeek(out batch);
    }

    private void Finish(EffectBatch batch)
    {
        using (_queueGate.Enter())
        {
            _batches.Dequeue();
            if (batch.Done is not { } done) return;
            if (batch.EarlyRequest != 0) _finishedEarly.Enqueue((batch.EarlyRequest, done));
            else _finished.Enqueue((_writer.Requested, done));
        }
    }

    // A node is a master before clients may see that it owns slots, and no longer named as an owner before it becomes a
    // replica: between the two, clients would get READONLY errors that Redis never gives.
    private void Publish(EffectBatch batch)
    {
        if (batch.Promotes) Promote(batch);
        using (_publishGate.Enter())
        {
            if (_early is { } early && early.Sequence > batch.Sequence)
            {
                if (_promoted < Volatile.Read(ref _lastPromotion)) return;
                batch = early;
            }

            _early = null;
            PublishLocked(batch);
        }
    }

    // A view that is older than the last one published is left out.
    private void PublishLocked(EffectBatch batch)
    {
        if (batch.View is not { } view || batch.Sequence <= _published) return;
        _published = batch.Sequence;
        _actions.Publish(view);
    }

    private void CarryOut(EffectBatch batch, ClusterEffect effect)
    {
        switch (effect)
        {
            case ClusterEffect.Persist persist:
                Write(batch, persist);
                break;
            case ClusterEffect.PublishView: Publish(batch); break;
            case ClusterEffect.BecomeMaster: Promote(batch); break;
            case ClusterEffect.BecomeReplicaOf master:
                Publish(batch);
                _actions.BecomeReplicaOf(master.Ip, master.Port);
                break;
            case ClusterEffect.StopFollowing: _actions.StopFollowing(); break;
            case ClusterEffect.Connect connect: _links.Connect(connect, Now); break;
            case ClusterEffect.CloseLink close: _links.Close(close.Link); break;
            case ClusterEffect.Send send: _links.Send(send); break;
            case ClusterEffect.PauseWrites: _actions.PauseWrites(); break;
            case ClusterEffect.ResumeWrites: _actions.ResumeWrites(); break;
            case ClusterEffect.DeleteKeysInSlots delete: _actions.DeleteKeysInSlots(delete.Slots); break;
            case ClusterEffect.FlushAll: _actions.FlushAll(); break;
            case ClusterEffect.Deliver message: _actions.Deliver(message.Channel, message.Message, message.Sharded); break;
            case ClusterEffect.Log line: Write(line); break;
            default: Invariant.Broken("every cluster effect is carried out"); break;
        }
    }

    private void Write(EffectBatch batch, ClusterEffect.Persist persist)
    {
        if (persist.Sync)
        {
            _written.Enqueue((_writer.Request(sync: true), persist.Number));
            return;
        }

        using (_queueGate.Enter())
        {
            if (batch.TryTakeWrite()) _writer.Request(sync: false);
        }
    }

    private void Promote(EffectBatch batch)
    {
        if (batch.IsPromoted) return;
        batch.IsPromoted = true;
        _actions.BecomeMaster();
        using (_publishGate.Enter()) _promoted = batch.Sequence;
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
