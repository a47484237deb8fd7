using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Starling.ClusterBus.Protocol;
using Starling.ClusterBus.View;
using Starling.Slots;

namespace Starling.ClusterBus.Host;

/// <summary>
/// The links of a <see cref="BusHost"/>. A link that breaks is closed at once and reported by <see
/// cref="TryTakeBroken"/>, when the machine is not in the middle of something. Used by the bus thread only, except
/// where it says otherwise.
/// </summary>
internal sealed class TcpLinks : IBusLinks, IDisposable
{
    /// <summary>
    /// Most inbound links on which nothing sensible was received yet; beyond that the oldest is closed.
    /// </summary>
    public const int MaxSilentInbound = 1024;

    private const long BadFrameLogInterval = 1000;

    private readonly BusHostOptions _options;
    private readonly ILogger _logger;
    private readonly Dictionary<LinkId, TcpLink> _links = [];
    private readonly Queue<LinkId> _broken = new();
    private readonly Queue<TcpLink> _established = new();
    private readonly List<TcpLink> _unsent = [];
    private readonly List<TcpLink> _ready = [];
    private readonly List<Listener> _acceptable = [];
    private readonly IPoller _poller;

    // Links to nodes that announced a host name, until it is looked up.
    private readonly Dictionary<LinkId, (ClusterEffect.Connect Effect, long Now)> _unresolved = [];
    private readonly NameResolver _names;

    // Guards the set of links against other threads, which look at it only; the bus thread takes it to change it. The
    // machine's lock may be held; nothing is taken under it.
    private readonly RankedLock _linksGate = new(LockRank.Leaf, nameof(TcpLinks));
    private bool _acceptPaused;
    private long _lastBadFrameLog;
    private long _sendBufferLimitExceeded;
    private long _badFrames;

    /// <summary>Makes it.</summary>
    /// <param name="options">Limits and addresses.</param>
    /// <param name="poller">What the bus thread waits with; it stays the caller's.</param>
    /// <param name="wakeUp">Ends a poll that waits. Any thread.</param>
    /// <param name="logger">Gets the lines.</param>
    public TcpLinks(BusHostOptions options, IPoller poller, Action wakeUp, ILogger logger)
    {
        _options = options;
        _poller = poller;
        _logger = logger;
        _names = new NameResolver(wakeUp);
    }

    /// <summary>Links closed because their queue was too long. Any thread.</summary>
    public long SendBufferLimitExceeded => Interlocked.Read(ref _sendBufferLimitExceeded);

    /// <summary>Links closed because what came was not the bus protocol. Any thread.</summary>
    public long BadFrames => Interlocked.Read(ref _badFrames);

    /// <summary>Links that have something to receive, or an error to find out, since the last poll.</summary>
    public List<TcpLink> Readable { get; } = [];

    /// <summary>Adds an accepted link.</summary>
    public void Add(TcpLink link)
    {
        if (!TryKeep(link)) return;
        if (link.FinishConnect() == StreamStatus.Broken)
        {
            Break(link, StreamStatus.Broken);
            return;
        }

        var silent = _links.Values.Where(other => other.IsInbound && !other.HasSpoken);
        if (_links.Count > MaxSilentInbound && silent.Count() > MaxSilentInbound)
            Break(silent.MinBy(other => other.Id.Value)!);
    }

    /// <summary>Starts to connect; to a host name, when it is looked up.</summary>
    public void Connect(ClusterEffect.Connect effect, long now)
    {
        if (IPAddress.TryParse(effect.Ip, out var address)) Connect(effect, address, now);
        else if (_names.IsFresh(effect.Ip, now)) ConnectByName(effect, now);
        else _unresolved.Add(effect.Link, (effect, now));
    }

    /// <summary>Closes a link that the machine has forgotten.</summary>
    public void Close(LinkId id)
    {
        _unresolved.Remove(id);
        if (_links.TryGetValue(id, out var link)) Remove(link);
    }

    /// <summary>Queues a packet; it leaves at <see cref="FlushAll"/>.</summary>
    public void Send(ClusterEffect.Send packet)
    {
        if (!_links.TryGetValue(packet.Link, out var link)) return;
        if (!link.WantsWrite) _unsent.Add(link);
        link.Queue(packet.Packet);
    }

    /// <summary>Sends what was queued since the last time, as far as the sockets take it.</summary>
    public void FlushAll()
    {
        foreach (var link in _unsent) Flush(link);
        _unsent.Clear();
    }

    /// <summary>Begins to accept; before the first poll.</summary>
    /// <exception cref="Win32Exception">The system refuses to watch a listener.</exception>
    public void Listen()
    {
        foreach (var listener in _options.Listeners) _poller.Add(listener.Source);
    }

    /// <summary>Waits until something can be done, or for so many milliseconds.</summary>
    public void Poll(long timeout)
    {
        _ready.Clear();
        _acceptable.Clear();
        Readable.Clear();
        foreach (var link in _links.Values)
        {
            // No poller can see what a stream has read already.
            if (link.IsConnected && link.Stream.HasBuffered) timeout = 0;
            if (link.Stream.Source.Wants == link.Needs) continue;
            link.Stream.Source.Wants = link.Needs;
            _poller.Change(link.Stream.Source);
        }

        FindReady(_poller.Wait((int)Math.Min(timeout, int.MaxValue)));
        ConnectResolved();
        foreach (var link in _ready) Serve(link);
        foreach (var link in _links.Values)
            if (link.IsConnected && link.Stream.HasBuffered && !Readable.Contains(link)) Readable.Add(link);
    }

    /// <summary>Accepts again after accepting failed; at every tick.</summary>
    public void ResumeAccepting()
    {
        if (_acceptPaused) WatchListeners(Readiness.Readable);
        _acceptPaused = false;
    }

    /// <summary>Accepts a connection, one for each listener and poll.</summary>
    public bool TryAccept([NotNullWhen(true)] out IByteStream? stream, out string remoteIp, out string localIp)
    {
        (stream, remoteIp, localIp) = (null, "", "");
        while (_acceptable.Count > 0)
        {
            var listener = _acceptable[^1];
            _acceptable.RemoveAt(_acceptable.Count - 1);
            SocketStream? accepted = null;
            try
            {
                if (!listener.TryAccept(out accepted)) continue;
                accepted.KeepAlive(0);
                remoteIp = TcpLink.IpOf(accepted.RemoteEndPoint);
                localIp = TcpLink.IpOf(accepted.LocalEndPoint);
                stream = _options.Layer(accepted, true);
                BusLog.Accepted(_logger, remoteIp);
                return true;
            }
            catch (SocketException e)
            {
                accepted?.Dispose();

                // Out of descriptors, most likely: the connection stays where it is, and polling would find it again at
                // once.
                if (!_acceptPaused) WatchListeners(Readiness.None);
                _acceptPaused = true;
                BusLog.AcceptFailed(_logger, e.Message);
            }
        }

        return false;
    }

    /// <summary>Takes the next link that has finished connecting.</summary>
    public bool TryTakeEstablished([NotNullWhen(true)] out TcpLink? link)
    {
        while (_established.TryDequeue(out link))
        {
            if (!link.IsClosed) return true;
        }

        return false;
    }

    /// <summary>Takes the number of the next link that broke.</summary>
    public bool TryTakeBroken(out LinkId id) => _broken.TryDequeue(out id);

    /// <summary>Receives into a link's buffer. False when there was nothing or the link broke.</summary>
    public bool Receive(TcpLink link)
    {
        var status = link.Receive();
        if (status == StreamStatus.Done) return true;
        if (status != StreamStatus.NotNow) Break(link, status);
        return false;
    }

    /// <summary>Closes a link and reports it as broken.</summary>
    public void Break(TcpLink link)
    {
        Remove(link);
        _broken.Enqueue(link.Id);
    }

    /// <summary>
    /// Marks links of a node: they are not described any more, and <see cref="BreakMarked"/> breaks them. Any thread.
    /// </summary>
    public void Mark(Func<LinkId, NodeId> nodeOf, NodeId node, bool inbound, bool outbound)
    {
        using (_linksGate.Enter())
        {
            foreach (var link in _links.Values)
            {
                if ((link.IsInbound ? inbound : outbound) && nodeOf(link.Id) == node) link.IsMarked = true;
            }
        }
    }

    /// <summary>Breaks the links that were marked.</summary>
    public void BreakMarked()
    {
        foreach (var link in _links.Values.Where(link => link.IsMarked).ToArray()) Break(link);
    }

    /// <summary>
    /// Breaks a link on which something else than the bus protocol came; logged once a second at most.
    /// </summary>
    public void BreakMalformed(TcpLink link, long now)
    {
        var count = Interlocked.Increment(ref _badFrames);
        if (now - _lastBadFrameLog >= BadFrameLogInterval)
        {
            _lastBadFrameLog = now;
            BusLog.BadFrame(_logger, link.RemoteIp, count);
        }

        Break(link);
    }

    /// <summary>Breaks the links whose queue is longer than a limit, unless that is 0.</summary>
    public void BreakOverLimit(Func<LinkId, NodeId> nodeOf, long limit)
    {
        if (limit == 0) return;
        foreach (var link in _links.Values.Where(link => link.QueuedBytes > limit).ToArray())
        {
            BusLog.SendBufferExceeded(
                _logger, link.IsInbound ? "inbound" : "outbound", nodeOf(link.Id).ToString(), link.QueuedBytes, limit);
            Interlocked.Increment(ref _sendBufferLimitExceeded);
            Break(link);
        }
    }

    /// <summary>The links whose other end is known. Any thread.</summary>
    public List<LinkDescription> Describe(Func<LinkId, NodeId> nodeOf)
    {
        var descriptions = new List<LinkDescription>();
        using (_linksGate.Enter())
        {
            foreach (var link in _links.Values)
            {
                var node = nodeOf(link.Id);
                if (node.IsNone || link.IsMarked) continue;
                var queued = link.QueuedBytes;
                descriptions.Add(
                    new LinkDescription(link.IsInbound, node, link.CreatedAt, link.WantsWrite, queued, queued));
            }
        }

        return descriptions;
    }

    /// <summary>Closes every link.</summary>
    public void Dispose()
    {
        _names.Dispose();
        foreach (var link in _links.Values) link.Dispose();
        using (_linksGate.Enter()) _links.Clear();
    }

    private void ConnectByName(ClusterEffect.Connect effect, long now)
    {
        if (_names.TryNext(effect.Ip, _options.SourceAddress?.AddressFamily, out var address, out var error))
        {
            Connect(effect, address, now);
            return;
        }

        BusLog.ConnectFailed(_logger, effect.Ip, effect.Port, error);
        _broken.Enqueue(effect.Link);
    }

    private void ConnectResolved()
    {
        while (_names.TryTake(out var name))
        {
            foreach (var (link, (effect, now)) in _unresolved.ToArray())
            {
                if (!string.Equals(effect.Ip, name, StringComparison.OrdinalIgnoreCase)) continue;
                _unresolved.Remove(link);
                ConnectByName(effect, now);
            }
        }
    }

    private void Connect(ClusterEffect.Connect effect, IPAddress address, long now)
    {
        IByteStream stream;
        try
        {
            stream = _options.Layer(Connector.Begin(new IPEndPoint(address, effect.Port), _options.SourceAddress, keepsAlive: false), false);
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            BusLog.ConnectFailed(_logger, effect.Ip, effect.Port, e.Message);
            _broken.Enqueue(effect.Link);
            return;
        }

        TryKeep(new TcpLink(effect.Link, stream, isInbound: false, now));
    }

    /// <summary>Keeps a link; false, and it is broken, when the system refuses to watch it.</summary>
    private bool TryKeep(TcpLink link)
    {
        try
        {
            _poller.Add(link.Stream.Source);
        }
        catch (Win32Exception e)
        {
            BusLog.LinkBroken(_logger, e.Message);
            link.Dispose();
            _broken.Enqueue(link.Id);
            return false;
        }

        using (_linksGate.Enter()) _links.Add(link.Id, link);
        return true;
    }

    private void WatchListeners(Readiness wants)
    {
        foreach (var listener in _options.Listeners)
        {
            listener.Source.Wants = wants;
            _poller.Change(listener.Source);
        }
    }

    private void FindReady(int count)
    {
        for (var i = 0; i < count; i++)
        {
            if (_poller.Ready(i, out var readiness) is not { } source) continue;
            if (source.Owner is TcpLink link)
            {
                link.OnReady(readiness);
                _ready.Add(link);
            }
            else if (_options.Listeners.FirstOrDefault(listener => listener.Source == source) is { } listener)
            {
                _acceptable.Add(listener);
            }
        }
    }

    /// <summary>What a link is ready for is done, but for receiving, which is left to the caller.</summary>
    private void Serve(TcpLink link)
    {
        if (link.IsClosed) return;
        if (!link.IsConnected)
        {
            var status = link.FinishConnect();
            if (status == StreamStatus.Done && !link.IsInbound) _established.Enqueue(link);
            else if (status is StreamStatus.Broken or StreamStatus.Ended) Break(link, status);
            return;
        }

        if (link.QueuedBytes > 0 && (link.Ready & link.Stream.SendNeeds) != 0) Flush(link);
        if (!link.IsClosed && (link.Ready & (link.Stream.ReceiveNeeds | Readiness.Broken)) != 0) Readable.Add(link);
    }

    private void Flush(TcpLink link)
    {
        if (link.IsClosed || !link.IsConnected) return;
        var status = link.Flush();
        if (status is StreamStatus.Broken or StreamStatus.Ended) Break(link, status);
    }

    private void Break(TcpLink link, StreamStatus status)
    {
        BusLog.LinkBroken(_logger, status == StreamStatus.Ended ? "connection closed" : link.Stream.Error.ToString());
        Break(link);
    }

    private void Remove(TcpLink link)
    {
        if (link.IsClosed) return;
        using (_linksGate.Enter()) _links.Remove(link.Id);
        _poller.Remove(link.Stream.Source);
        link.Dispose();
    }
}
