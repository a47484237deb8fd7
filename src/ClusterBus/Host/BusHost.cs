using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Starling.ClusterBus.Protocol;
using Starling.ClusterBus.View;
using Starling.Slots;

namespace Starling.ClusterBus.Host;

/// <summary>
/// Runs a <see cref="ClusterMachine"/>: one thread of its own that polls the links and the clock, so that the load of clients never delays a heartbeat, and
/// carries out the machine's effects in their order.
/// </summary>
public sealed class BusHost : IDisposable
{
    // What was saved without fsync is synced when this many milliseconds have passed without another save: while slots are moved one by one, an fsync for
    // each would hold up heartbeats for longer than what it protects is worth, which is less than what a vote or an epoch needs.
    private const long SyncDelay = 1000;

    // Guards the machine. Held for one pure call at a time, never while anything is sent, written to disk or waited for. May be taken with stripes held;
    // nothing is taken under it.
    private readonly Lock _gate = new();
    private readonly ClusterMachine _machine;
    private readonly IClusterActions _actions;
    private readonly ConfigFile _file;
    private readonly BusHostOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly WakeUp _wakeUp = new();
    private readonly ConcurrentQueue<BusRequest> _requests = new();
    private readonly EffectList _effects = new();
    private readonly TcpLinks _links;
    private readonly Thread _thread;
    private long _now;
    private long _savedAt;
    private bool _isPublished;
    private bool _isPromoted;
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
        ClusterMachine machine, ConfigFile file, IClusterActions actions, BusHostOptions options, TimeProvider clock, ILogger logger)
    {
        _machine = machine;
        _file = file;
        _actions = actions;
        _options = options;
        _clock = clock;
        _logger = logger;
        _lastOptions = machine.Options;
        _links = new TcpLinks(options, logger);
        _thread = new Thread(Run) { Name = "cluster-bus", IsBackground = true };
    }

    /// <summary>The machine's message counts.</summary>
    public BusStatistics Statistics => _machine.Statistics;

    /// <summary>Links closed because their queue grew beyond cluster-link-sendbuf-limit.</summary>
    public long SendBufferLimitExceeded => _links.SendBufferLimitExceeded;

    /// <summary>Links closed because what came was not the bus protocol.</summary>
    public long BadFrames => _links.BadFrames;

    /// <summary>Received packets of this type are thrown away (DEBUG DROP-CLUSTER-PACKET-FILTER); -1 for none.</summary>
    public int DropFilter { get; set; } = -1;

    /// <summary>The link on which a packet was thrown away by <see cref="DropFilter"/> is closed too.</summary>
    public bool ClosesLinkOnDrop { get; set; }

    /// <summary>
    /// The first steps of the machine, on the caller's thread: persists a new node's file, publishes the view, goes to the master that nodes.conf names,
    /// and claims or imports the slots of keys that were loaded. Then starts the bus thread.
    /// </summary>
    /// <param name="slotsWithKeys">The slots that hold keys.</param>
    public void Start(SlotSet slotsWithKeys)
    {
        ReadClock();
        Apply((machine, now, effects) => machine.Start(now, effects));
        CarryOut();
        Apply((machine, now, effects) => machine.ReconcileWithData(slotsWithKeys, now, effects));
        CarryOut();
        _thread.Start();
    }

    /// <summary>Ends the bus thread, closes every link, syncs nodes.conf. Requests that are queued are carried out first.</summary>
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
        _wakeUp.Dispose();
        _file.Dispose();
    }

    /// <summary>Hands work to the bus thread. Any thread; returns at once.</summary>
    /// <param name="work">Runs there; it may take stripes and calls <see cref="Apply"/> at most once.</param>
    /// <param name="done">Runs there when everything that followed from it was done, nodes.conf included.</param>
    public void Post(Action work, Action done)
    {
        _requests.Enqueue(new BusRequest(work, done));
        _wakeUp.Raise();
    }

    /// <summary>
    /// Calls the machine, from work given to <see cref="Post"/>. When slots change hands and no role changes, the new view is published before this
    /// returns: a caller that holds the stripes of these slots lets no command in between. The other effects follow after the work.
    /// </summary>
    public void Apply(MachineCall call)
    {
        Invariant.That(_effects.Count == 0);
        lock (_gate)
        {
            _machine.Local = _actions.StatusAt(_now);
            call(_machine, _now, _effects);
        }

        foreach (var effect in _effects)
        {
            if (effect is ClusterEffect.BecomeMaster or ClusterEffect.BecomeReplicaOf) return;
        }

        PublishNow();
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

    /// <summary>CLUSTER LINKS: the links whose other end is known. On the bus thread only, from work given to <see cref="Post"/>.</summary>
    public List<LinkDescription> DescribeLinks()
    {
        lock (_gate) return _links.Describe(_machine.NodeOf);
    }

    /// <summary>Closes links to or from a node (DEBUG CLUSTERLINK KILL), from work given to <see cref="Post"/>.</summary>
    public void KillLinks(NodeId node, bool inbound, bool outbound)
    {
        lock (_gate) _links.Break(_machine.NodeOf, node, inbound, outbound);
    }

    /// <summary>Replaces and syncs nodes.conf now (CLUSTER SAVECONFIG), from work given to <see cref="Post"/>. Null, or what went wrong.</summary>
    public string? TrySave()
    {
        try
        {
            Save(sync: true);
            return null;
        }
        catch (IOException e)
        {
            return e.Message;
        }
    }

    private void Run()
    {
        while (true)
        {
            ReadClock();
            var isLast = _stopping;
            RunRequests();
            if (isLast) break;
            if (_now >= NextTick()) TickNow();
            var hasWork = _actions.DoWork();
            _links.FlushAll();
            LoseBroken();
            _links.Poll(_options.Listeners, _wakeUp.Socket, hasWork ? 0 : Math.Clamp(NextTick() - CurrentTime(), 0, 100));
            ReadClock();
            _wakeUp.Clear();
            Accept();
            Established();
            Received();
        }

        _links.Dispose();
        Sync();
    }

    private long CurrentTime() => _clock.GetUtcNow().ToUnixTimeMilliseconds();

    // The machine's time never goes back, whatever the wall clock does.
    private void ReadClock() => _now = Math.Max(_now, CurrentTime());

    private long NextTick()
    {
        lock (_gate) return _machine.NextTickAt;
    }

    private void RunRequests()
    {
        while (_requests.TryDequeue(out var request))
        {
            request.Work();
            CarryOut();
            request.Done();
        }
    }

    private void TickNow()
    {
        var options = _actions.Options;
        if (options != _lastOptions)
        {
            _lastOptions = options;
            Apply((machine, now, effects) => machine.Reconfigure(options, now, effects));
            CarryOut();
        }

        _links.ResumeAccepting();
        lock (_gate) _links.BreakOverLimit(_machine.NodeOf, _options.SendBufferLimit());
        LoseBroken();
        Apply(static (machine, now, effects) => machine.Tick(now, effects));
        CarryOut();
        if (_file.IsUnsynced && _now - _savedAt >= SyncDelay) Sync();
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
            Apply((machine, now, effects) => machine.LinkEstablished(link.Id, remoteIp, localIp, now, effects));
            CarryOut();
        }

        LoseBroken();
    }

    private void Received()
    {
        foreach (var link in _links.Readable)
        {
            if (!link.IsClosed && _links.Receive(link)) TakePackets(link);
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

        Invariant.That(_effects.Count == 0);
        lock (_gate)
        {
            _machine.Local = _actions.StatusAt(_now);
            _machine.Step(link.Id, packet, _now, _effects);
            if (!link.HasSpoken) link.HasSpoken = !_machine.NodeOf(link.Id).IsNone;
        }

        CarryOut();
    }

    private void LoseBroken()
    {
        while (_links.TryTakeBroken(out var id))
        {
            Apply((machine, now, effects) => machine.LinkLost(id, now, effects));
            CarryOut();
        }
    }

    // In the machine's order, with one exception: a node is a master before clients may see that it owns slots, and no longer named as an
    // owner before it becomes a replica. Between the two, clients would get READONLY errors that Redis never gives.
    private void CarryOut()
    {
        foreach (var effect in _effects) CarryOut(effect);
        _effects.Clear();
        _isPublished = false;
        _isPromoted = false;
    }

    private void CarryOut(ClusterEffect effect)
    {
        switch (effect)
        {
            case ClusterEffect.Persist persist: SaveOrFail(persist.Sync); break;
            case ClusterEffect.PublishView: PublishNow(); break;
            case ClusterEffect.BecomeMaster: PromoteNow(); break;
            case ClusterEffect.BecomeReplicaOf master:
                PublishNow();
                _actions.BecomeReplicaOf(master.Ip, master.Port);
                break;
            case ClusterEffect.Connect connect: _links.Connect(connect, _now); break;
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

    private void PublishNow()
    {
        if (_isPublished) return;
        foreach (var effect in _effects)
        {
            if (effect is not ClusterEffect.PublishView publish) continue;
            foreach (var other in _effects)
            {
                if (other is ClusterEffect.BecomeMaster) PromoteNow();
            }

            _actions.Publish(publish.View);
            _isPublished = true;
            return;
        }
    }

    private void PromoteNow()
    {
        if (_isPromoted) return;
        _isPromoted = true;
        _actions.BecomeMaster();
    }

    private void SaveOrFail(bool sync)
    {
        try
        {
            Save(sync);
        }
        catch (IOException e)
        {
            _actions.Fail($"Fatal: can't update cluster config file: {e.Message}");
        }
    }

    private void Save(bool sync)
    {
        string text;
        lock (_gate) text = _machine.FormatNodesFile();
        _file.Save(text, sync);
        _savedAt = _now;
    }

    private void Sync()
    {
        try
        {
            _file.Sync();
        }
        catch (IOException e)
        {
            _actions.Fail($"Fatal: can't update cluster config file: {e.Message}");
        }
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
