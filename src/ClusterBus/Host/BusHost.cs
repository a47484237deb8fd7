using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Starling.ClusterBus.Protocol;
using Starling.ClusterBus.View;
using Starling.Slots;

namespace Starling.ClusterBus.Host;

/// <summary>
/// Runs a <see cref="ClusterMachine"/>: one thread of its own that polls the links and the clock, so that the load of
/// clients never delays a heartbeat, and carries out the machine's effects in their order.
/// </summary>
public sealed class BusHost : IDisposable
{
    // Milliseconds between two heartbeats that are logged.
    private const long DelayWorthNoting = 500;

    // How often one link is received from before the next one's turn.
    private const int MaxReceives = 64;

    private readonly ClusterMachine _machine;
    private readonly IClusterActions _actions;
    private readonly ConfigWriter _writer;
    private readonly MachineDriver _driver;
    private readonly BusHostOptions _options;
    private readonly ILogger _logger;
    private readonly IPoller _poller = OperatingSystem.IsLinux() ? new EpollPoller() : new SelectPoller();
    private readonly WakeUp _wakeUp;
    private readonly ConcurrentQueue<Action> _requests = new();
    private readonly TcpLinks _links;
    private readonly Thread _thread;
    private long _lastTick;
    private volatile bool _stopping;
    private int _isDisposed;

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
        _logger = logger;
        _wakeUp = new WakeUp(_poller);
        _links = new TcpLinks(options, _poller, _wakeUp.Raise, logger);
        _writer = new ConfigWriter(file, FormatFile, Written, actions.Fail);
        _driver = new MachineDriver(machine, actions, _links, _writer, clock, logger);
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
    /// <param name="hasLostData">The data set is empty and there was no file of it.</param>
    public void Start(SlotSet slotsWithKeys, bool hasLostData = false)
    {
        _driver.Tell();
        _driver.Call((machine, now, effects) => machine.Start(hasLostData, now, effects));
        _driver.Settle();
        _driver.Call((machine, now, effects) => machine.ReconcileWithData(slotsWithKeys, now, effects));
        _driver.Settle();
        _links.Listen();
        _thread.Start();
    }

    /// <summary>
    /// Ends the bus thread, closes every link, syncs nodes.conf. Requests that are queued are carried out first.
    /// </summary>
    public void Stop()
    {
        LockOrder.AssertMayBlock("waiting for the bus thread");
        if (_stopping) return;
        _stopping = true;
        _wakeUp.Raise();
        if (_thread.IsAlive) _thread.Join();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        Stop();
        _links.Dispose();
        foreach (var listener in _options.Listeners) listener.Dispose();
        _writer.Dispose();
        _poller.Dispose();
    }

    /// <summary>
    /// Calls the machine, on any thread. When slots change hands, the new view is published before
    /// this returns: a caller that holds the stripes of these slots lets no command in between. The other effects
    /// follow on the bus thread.
    /// </summary>
    /// <param name="call">Calls the machine.</param>
    /// <param name="onEffects">
    /// Asked, under the machine's lock, when there are effects: gives what to call, on any thread, when they were
    /// carried out, nodes.conf included; or null.
    /// </param>
    public void Apply(MachineCall call, Func<Action?>? onEffects = null)
    {
        if (_driver.Apply(call, onEffects)) _wakeUp.Raise();
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
        using (_driver.Gate.Enter()) return _machine.Snapshot();
    }

    /// <summary>CLUSTER COUNT-FAILURE-REPORTS. Any thread.</summary>
    public int? CountFailureReports(NodeId node)
    {
        using (_driver.Gate.Enter()) return _machine.CountFailureReports(node, _driver.Now);
    }

    /// <summary>CLUSTER LINKS: the links whose other end is known. Any thread.</summary>
    public List<LinkDescription> DescribeLinks()
    {
        using (_driver.Gate.Enter()) return _links.Describe(_machine.NodeOf);
    }

    /// <summary>
    /// Closes links to or from a node (DEBUG CLUSTERLINK KILL). Any thread: they are not described any more when this
    /// returns, and are closed before whatever is posted after it is done.
    /// </summary>
    public void KillLinks(NodeId node, bool inbound, bool outbound)
    {
        using (_driver.Gate.Enter()) _links.Mark(_machine.NodeOf, node, inbound, outbound);
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
            _links.Poll(hasWork ? 0 : _driver.TimeToWait());
            _driver.Tell();
            _wakeUp.Clear();
            var isLast = _stopping;

            // What has arrived comes before what the clock says: when this thread was held up, by a slow disk or for
            // want of a processor, the answers of the other nodes wait in the sockets, and they have not failed.
            Accept();
            Established();
            Received();
            _driver.Drain();
            RunRequests(isLast);
            if (isLast) break;
            _driver.Tell();
            if (_driver.IsTickDue) TickNow();
            hasWork = _actions.DoWork();
            _links.FlushAll();
            LoseBroken();
        }

        _driver.Settle();
        _links.Dispose();
    }

    // What is posted meanwhile is for the next round: it may come as fast as it is carried out, and the clock goes on.
    private void RunRequests(bool all)
    {
        for (var left = _requests.Count; (all || left > 0) && _requests.TryDequeue(out var request); left--) request();
    }

    private void TickNow()
    {
        _links.ResumeAccepting();
        using (_driver.Gate.Enter()) _links.BreakOverLimit(_machine.NodeOf, _options.SendBufferLimit());
        LoseBroken();
        _driver.Tick();
        NoteDelay();
    }

    private void NoteDelay()
    {
        if (_lastTick != 0 && _driver.Now - _lastTick > DelayWorthNoting) BusLog.HeldUp(_logger, _driver.Now - _lastTick);
        _lastTick = _driver.Now;
    }

    private void Accept()
    {
        while (_links.TryAccept(out var stream, out var remoteIp, out var localIp))
        {
            LinkId id;
            using (_driver.Gate.Enter()) id = _machine.AcceptLink(remoteIp, localIp, _driver.Now);
            _links.Add(new TcpLink(id, stream, isInbound: true, _driver.Now));
        }
    }

    private void Established()
    {
        while (_links.TryTakeEstablished(out var link))
        {
            var (remoteIp, localIp) = (link.RemoteIp, link.LocalIp);
            _driver.Call((machine, now, effects) => machine.LinkEstablished(link.Id, remoteIp, localIp, now, effects));
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
                    _links.BreakMalformed(link, _driver.Now);
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

        link.HasSpoken |= _driver.Step(link.Id, packet);
        link.Packets.TakesLongMessages = link.HasSpoken;
    }

    private void LoseBroken()
    {
        while (_links.TryTakeBroken(out var id))
        {
            _driver.Call((machine, now, effects) => machine.LinkLost(id, now, effects));
        }
    }

    private void Written()
    {
        _driver.Written();
        _wakeUp.Raise();
    }

    private string FormatFile()
    {
        using (_driver.Gate.Enter()) return _machine.FormatNodesFile();
    }
}
