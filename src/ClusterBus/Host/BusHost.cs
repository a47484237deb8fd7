using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Starling.ClusterBus.Protocol;
using Starling.ClusterBus.View;

namespace Starling.ClusterBus.Host;

/// <summary>
/// Runs a <see cref="ClusterMachine"/>: one thread of its own that polls the links and the clock, so that the load of
/// clients never delays a heartbeat, and carries out the machine's effects in their order.
/// </summary>
public sealed class BusHost : IDisposable
{
    // Milliseconds between two heartbeats that are logged.
    private const long DelayWorthNoting = 500;

    // Milliseconds.
    private const long MaxWait = 100;

    // How often one link is received from before the next one's turn.
    private const int MaxReceives = 64;

    // Guards the machine and the time. Held for one pure call at a time, never while anything is sent, written to disk
    // or waited for. May be taken with stripes held; under it only the locks of the effect queue and of the replication
    // log.
    private readonly Lock _gate = new();
    private readonly ClusterMachine _machine;
    private readonly IClusterActions _actions;
    private readonly ConfigWriter _writer;
    private readonly EffectRunner _runner;
    private readonly BusHostOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly WakeUp _wakeUp = new();
    private readonly ConcurrentQueue<Action> _requests = new();
    private readonly EffectList _effects = new();
    private readonly TcpLinks _links;
    private readonly Thread _thread;
    private long _now;
    private long _lastTick;
    private long _calls;
    private ClusterOptions _lastOptions;
    private volatile bool _stopping;

    /// <summary>Makes a host; nothing is started, and nothing was called on the machine yet.</summary>
    /// <param name="machine">The machine; only this host calls it from now on.</param>
    /// <param name="file">Its nodes.conf, locked; the host owns it.</param>
    /// <param name="actions">The server around.</param>
    /// <param name="options">Listeners and limits.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="logger">Gets the machine's lines and the host's.</param>
    public BusHost(
        ClusterMachine machine,
        ConfigFile file,
        IClusterActions actions,
        BusHostOptions options,
        TimeProvider clock,
        ILogger logger)
    {
        _machine = machine;
        _actions = actions;
        _options = options;
        _clock = clock;
        _logger = logger;
        _lastOptions = machine.Options;
        _links = new TcpLinks(options, _wakeUp.Raise, logger);
        _writer = new ConfigWriter(file, FormatFile, _wakeUp.Raise, actions.Fail);
        _runner = new EffectRunner(actions, _links, _writer, logger);
        _thread = new Thread(Run) { Name = "cluster-bus", IsBackground = true };
    }

    /// <summary>The machine's message counts.</summary>
    public BusStatistics Statistics => _machine.Statistics;

    /// <summary>Links closed because their queue grew beyond cluster-link-sendbuf-limit.</summary>
    public long SendBufferLimitExceeded => _links.SendBufferLimitExceeded;

    /// <summary>Links closed because what came was not the bus protocol.</summary>
    public long BadFrames => _links.BadFrames;

    /// <summary>
    /// Received packets of this type are thrown away (DEBUG DROP-CLUSTER-PACKET-FILTER); -1 for none.
    /// </summary>
    public int DropFilter { get; set; } = -1;

    /// <summary>The link on which a packet was thrown away by <see cref="DropFilter"/> is closed too.</summary>
    public bool ClosesLinkOnDrop { get; set; }

    /// <summary>
    /// The first steps of the machine, on the caller's thread: persists a new node's file, publishes the view, goes to
    /// the master that nodes.conf names, and claims or imports the slots of keys that were loaded. Then starts the bus
    /// thread.
    /// </summary>
    /// <param name="slotsWithKeys">The slots that hold keys.</param>
    public void Start(SlotSet slotsWithKeys)
    {
        Tell();
        Call((machine, now, effects) => machine.Start(now, effects));
        _runner.Settle();
        Call((machine, now, effects) => machine.ReconcileWithData(slotsWithKeys, now, effects));
        _runner.Settle();
        _thread.Start();
    }

    /// <summary>
    /// Ends the bus thread, closes every link, syncs nodes.conf. Requests that are queued are carried out first.
    /// </summary>
    public void Stop()
    {
        if (_stopping) return;
        _stopping = true;
        _wakeUp.Raise();
        if (_thread.IsAlive) _thread.Join();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Stop();
        _links.Dispose();
        foreach (var listener in _options.Listeners) listener.Dispose();
        _writer.Dispose();
        _wakeUp.Dispose();
    }

    /// <summary>
    /// Calls the machine, on any thread. When slots change hands and no role changes, the new view is published before
    /// this returns: a caller that holds the stripes of these slots lets no command in between. The other effects
    /// follow on the bus thread.
    /// </summary>
    /// <param name="call">Calls the machine.</param>
    /// <param name="onEffects">
    /// Asked, under the machine's lock, when there are effects: gives what to call, on the bus thread, when they were
    /// carried out, nodes.conf included; or null.
    /// </param>
    public void Apply(MachineCall call, Func<Action?>? onEffects = null)
    {
        var batch = Prepare(call, onEffects);
        if (batch.IsEmpty) return;
        _runner.PublishEarly(batch);
        _wakeUp.Raise();
    }

    /// <summary>Has something done on the bus thread. Any thread; returns at once.</summary>
    public void Post(Action work)
    {
        _requests.Enqueue(work);
        _wakeUp.Raise();
    }

    /// <summary>The cluster as this node sees it now, the times of pings and pongs included. Any thread.</summary>
    public ClusterView Snapshot()
    {
        lock (_gate) return _machine.Snapshot();
    }

    /// <summary>CLUSTER COUNT-FAILURE-REPORTS. Any thread.</summary>
    public int? CountFailureReports(NodeId node)
    {
        lock (_gate) return _machine.CountFailureReports(node, _now);
    }

    /// <summary>CLUSTER LINKS: the links whose other end is known. Any thread.</summary>
    public List<LinkDescription> DescribeLinks()
    {
        lock (_gate) return _links.Describe(_machine.NodeOf);
    }

    /// <summary>
    /// Closes links to or from a node (DEBUG CLUSTERLINK KILL). Any thread: they are not described any more when this
    /// returns, and are closed before whatever is posted after it is done.
    /// </summary>
    public void KillLinks(NodeId node, bool inbound, bool outbound)
    {
        lock (_gate) _links.Mark(_machine.NodeOf, node, inbound, outbound);
        Post(_links.BreakMarked);
    }

    /// <summary>Writes and syncs nodes.conf now (CLUSTER SAVECONFIG). Any thread.</summary>
    /// <param name="report">
    /// Gets null or what went wrong; on another thread. Without it nothing may go wrong: the process has to stop then.
    /// </param>
    public void SaveConfig(Action<string?>? report) => _writer.Request(sync: true, report);

    private void Run()
    {
        var hasWork = false;
        while (true)
        {
            _links.Poll(_options.Listeners, _wakeUp.Socket, hasWork ? 0 : TimeToWait());
            Tell();
            _wakeUp.Clear();
            var isLast = _stopping;

            // What has arrived comes before what the clock says: when this thread was held up, by a slow disk or for
            // want of a processor, the answers of the other nodes wait in the sockets, and they have not failed.
            Accept();
            Established();
            Received();
            _runner.Drain();
            RunRequests();
            if (isLast) break;
            Tell();
            if (!_runner.IsBlocked && _now >= NextTick()) TickNow();
            hasWork = _actions.DoWork();
            _links.FlushAll();
            LoseBroken();
        }

        _runner.Settle();
        _links.Dispose();
    }

    // While effects wait for the disk there are no heartbeats: a ping that could not leave would count against its
    // node.
    private long TimeToWait() => _runner.IsBlocked ? MaxWait : Math.Clamp(NextTick() - CurrentTime(), 0, MaxWait);

    private long CurrentTime() => _clock.GetUtcNow().ToUnixTimeMilliseconds();

    // The machine's time never goes back, whatever the wall clock does. Under the machine's lock.
    private void ReadClock() => _now = Math.Max(_now, CurrentTime());

    private long Tell()
    {
        lock (_gate)
        {
            ReadClock();
            return _runner.Now = _now;
        }
    }

    private long NextTick()
    {
        lock (_gate) return _machine.NextTickAt;
    }

    private EffectBatch Prepare(MachineCall call, Func<Action?>? onEffects = null)
    {
        lock (_gate)
        {
            ReadClock();
            _machine.Local = _actions.StatusAt(_now);
            call(_machine, _now, _effects);
            return TakeEffects(onEffects);
        }
    }

    private EffectBatch TakeEffects(Func<Action?>? onEffects = null)
    {
        var batch = new EffectBatch(_effects, ++_calls);
        _effects.Clear();
        if (batch.IsEmpty) return batch;
        batch.Done = onEffects?.Invoke();
        _runner.Add(batch);
        return batch;
    }

    private void Call(MachineCall call)
    {
        if (!Prepare(call).IsEmpty) _runner.Drain();
    }

    private void RunRequests()
    {
        while (_requests.TryDequeue(out var request)) request();
    }

    private void TickNow()
    {
        var options = _actions.Options;
        if (options != _lastOptions)
        {
            _lastOptions = options;
            Call((machine, now, effects) => machine.Reconfigure(options, now, effects));
        }

        _links.ResumeAccepting();
        lock (_gate) _links.BreakOverLimit(_machine.NodeOf, _options.SendBufferLimit());
        LoseBroken();
        Call(static (machine, now, effects) => machine.Tick(now, effects));
        NoteDelay();
    }

    private void NoteDelay()
    {
        if (_lastTick != 0 && _now - _lastTick > DelayWorthNoting) BusLog.HeldUp(_logger, _now - _lastTick);
        _lastTick = _now;
    }

    private void Accept()
    {
        while (_links.TryAccept(out var socket, out var remoteIp, out var localIp))
        {
            LinkId id;
            lock (_gate) id = _machine.AcceptLink(remoteIp, localIp, _now);
            _links.Add(new TcpLink(id, socket, isInbound: true, _now));
        }
    }

    private void Established()
    {
        while (_links.TryTakeEstablished(out var link))
        {
            var (remoteIp, localIp) = (link.RemoteIp, link.LocalIp);
            Call((machine, now, effects) => machine.LinkEstablished(link.Id, remoteIp, localIp, now, effects));
        }

        LoseBroken();
    }

    private void Received()
    {
        foreach (var link in _links.Readable)
        {
            for (var i = 0; i < MaxReceives && !link.IsClosed && _links.Receive(link); i++) TakePackets(link);
        }

        LoseBroken();
    }

    private void TakePackets(TcpLink link)
    {
        while (!link.IsClosed)
        {
            switch (link.Packets.TryTake(out var packet))
            {
                case PacketStatus.Packet:
                    Take(link, packet);
                    break;
                case PacketStatus.Skipped:
                    break;
                case PacketStatus.Malformed:
                    _links.BreakMalformed(link, _now);
                    return;
                case PacketStatus.Incomplete:
                    return;
            }
        }
    }

    private void Take(TcpLink link, ReadOnlySpan<byte> packet)
    {
        var type = (int)PacketReader.TypeOf(packet);
        if (type == DropFilter)
        {
            BusLog.Dropped(_logger, type);
            if (ClosesLinkOnDrop) _links.Break(link);
            return;
        }

        lock (_gate)
        {
            ReadClock();
            _machine.Local = _actions.StatusAt(_now);
            _machine.Step(link.Id, packet, _now, _effects);
            if (!link.HasSpoken) link.HasSpoken = !_machine.NodeOf(link.Id).IsNone;
            TakeEffects();
        }

        _runner.Drain();
    }

    private void LoseBroken()
    {
        while (_links.TryTakeBroken(out var id))
        {
            Call((machine, now, effects) => machine.LinkLost(id, now, effects));
        }
    }

    private string FormatFile()
    {
        lock (_gate) return _machine.FormatNodesFile();
    }
}
