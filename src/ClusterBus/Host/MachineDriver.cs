using Microsoft.Extensions.Logging;
using Starling.ClusterBus.Protocol;
using Starling.Slots;

namespace Starling.ClusterBus.Host;

/// <summary>
/// Calls a <see cref="ClusterMachine"/> one call at a time, tells it the time, and hands what it asks for to the
/// <see cref="EffectRunner"/>. Knows no socket, file or thread: the bus host drives a real node with it, the simulator
/// one in virtual time. On the bus thread, except where it says otherwise.
/// </summary>
internal sealed class MachineDriver
{
    // Milliseconds.
    private const long MaxWait = 100;

    private readonly ClusterMachine _machine;
    private readonly IClusterActions _actions;
    private readonly EffectRunner _runner;
    private readonly TimeProvider _clock;
    private readonly EffectList _effects = new();
    private readonly long _startedAt;
    private readonly long _startedTimestamp;
    private long _now;
    private long _calls;
    private ClusterOptions _lastOptions;

    /// <summary>Makes a driver; nothing is called yet.</summary>
    public MachineDriver(
        ClusterMachine machine,
        IClusterActions actions,
        IBusLinks links,
        IConfigStore store,
        TimeProvider clock,
        ILogger logger)
    {
        _machine = machine;
        _actions = actions;
        _clock = clock;
        _startedAt = WallTime();
        _startedTimestamp = clock.GetTimestamp();
        _lastOptions = machine.Options;
        _runner = new EffectRunner(actions, links, store, logger);
    }

    /// <summary>
    /// Guards the machine and the time. Held for one pure call at a time, never while anything is sent, written to disk
    /// or waited for. May be taken with stripes held; under it only the locks of the effect queue and of the
    /// replication log.
    /// </summary>
    public RankedLock Gate { get; } = new(LockRank.ClusterMachine, nameof(MachineDriver));

    /// <summary>The machine; with <see cref="Gate"/> held.</summary>
    public ClusterMachine Machine => _machine;

    /// <summary>Where the call under way puts its effects.</summary>
    public EffectList Effects => _effects;

    /// <summary>The time of the last call or reading of the clock.</summary>
    public long Now => _now;

    /// <summary>The heartbeat is due.</summary>
    public bool IsTickDue
    {
        get
        {
            using (Gate.Enter()) return _now >= _machine.NextTickAt;
        }
    }

    /// <summary>How long nothing has to be done if nothing happens, milliseconds.</summary>
    public long TimeToWait()
    {
        using (Gate.Enter()) return Math.Clamp(_machine.NextTickAt - CurrentTime(), 0, MaxWait);
    }

    /// <summary>Reads the clock.</summary>
    public void Tell()
    {
        using (Gate.Enter())
        {
            ReadClock();
            _runner.Now = _now;
        }
    }

    /// <summary>Calls the machine and carries out what it asks for.</summary>
    public void Call(MachineCall call)
    {
        if (!Prepare(call).IsEmpty) Drain();
    }

    /// <summary>
    /// Calls the machine, on any thread. When slots change hands, the new view is published before
    /// this returns. The other effects follow at the next <see cref="Drain"/>.
    /// </summary>
    /// <returns>False when nothing is to be done.</returns>
    public bool Apply(MachineCall call, Func<Action?>? onEffects)
    {
        var batch = Prepare(call, onEffects);
        if (batch.IsEmpty) return false;
        _runner.PublishEarly(batch);
        _runner.WriteEarly(batch);
        return true;
    }

    /// <summary>A packet has arrived.</summary>
    /// <returns>True when the node at the link's other end is known.</returns>
    public bool Step(LinkId link, ReadOnlySpan<byte> packet)
    {
        bool isKnown;
        using (Gate.Enter())
        {
            BeginCall();
            _machine.Step(link, packet, _now, _effects);
            isKnown = !_machine.NodeOf(link).IsNone;
            if (TakeEffects(onEffects: null).IsEmpty) return isKnown;
        }

        Drain();
        return isKnown;
    }

    /// <summary>The heartbeat, with the directives of now.</summary>
    public void Tick()
    {
        var options = _actions.Options;
        if (options != _lastOptions)
        {
            _lastOptions = options;
            Call((machine, now, effects) => machine.Reconfigure(options, now, effects));
        }

        Call(static (machine, now, effects) => machine.Tick(now, effects));
    }

    /// <summary>Carries out what is asked for, and what may be now that the disk has got on.</summary>
    public void Drain()
    {
        _runner.Drain();
        while (_runner.TakePersisted() is > 0 and var number)
        {
            Prepare((machine, now, effects) => machine.Persisted(number, now, effects));
            _runner.Drain();
        }

        _runner.Report();
    }

    /// <summary>nodes.conf was written. Any thread.</summary>
    public void Written() => _runner.ReportEarly();

    /// <summary>Carries out everything, waiting for the disk.</summary>
    public void Settle()
    {
        Drain();
        while (_runner.IsBusy)
        {
            _runner.WaitForDisk();
            Drain();
        }
    }

    // Begins with the wall clock and goes on evenly: a wall clock that is set back an hour must not stop heartbeats for an
    // hour, nor one that is set forward fail every node.
    private long CurrentTime() =>
        _startedAt + (long)_clock.GetElapsedTime(_startedTimestamp).TotalMilliseconds;

    private long WallTime() => _clock.GetUtcNow().ToUnixTimeMilliseconds();

    // Under the gate.
    private void ReadClock() => _now = Math.Max(_now, CurrentTime());

    private void BeginCall()
    {
        ReadClock();
        _machine.Local = _actions.Status();
        _machine.WallOffset = WallTime() - _now;
    }

    private EffectBatch Prepare(MachineCall call, Func<Action?>? onEffects = null)
    {
        using (Gate.Enter())
        {
            BeginCall();
            call(_machine, _now, _effects);
            return TakeEffects(onEffects);
        }
    }

    private EffectBatch TakeEffects(Func<Action?>? onEffects)
    {
        var batch = new EffectBatch(_effects, ++_calls);
        _effects.Clear();
        if (batch.IsEmpty) return batch;
        batch.Done = onEffects?.Invoke();
        _runner.Add(batch);
        return batch;
    }
}
