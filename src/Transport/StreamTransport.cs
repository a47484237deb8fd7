using System.ComponentModel;
using System.Net;
using Starling.Slots;

namespace Starling.Transport;

/// <summary>
/// A byte stream served by a thread, which waits for it, receives and closes it; only there, so that its descriptor cannot
/// become somebody else's under it. <see cref="Close"/> by another thread ends the stream at once and leaves the rest
/// to the thread.
/// </summary>
public sealed class StreamTransport : ITransport, IIoTask, IPollOwner
{
    private readonly IByteStream _stream;
    private readonly Action<Win32Exception> _onRefused;
    private ITransportOwner? _owner;
    private bool _isServed;
    private bool _hasEnded;
    private int _isShut;
    private bool _wantsToReceive = true;
    private bool _wasReceiving = true;
    private bool _wantsToSend;
    private bool _isBufferedTold; // its task is in the mailbox for what the stream has buffered

    /// <summary>Makes the transport of a connected stream.</summary>
    /// <param name="stream">The stream; the transport's from now on.</param>
    /// <param name="thread">The thread that serves it.</param>
    /// <param name="onRefused">Told when the system refuses to watch the socket; it is closed then.</param>
    public StreamTransport(IByteStream stream, ITransportThread thread, Action<Win32Exception> onRefused)
    {
        _stream = stream;
        Thread = thread;
        _onRefused = onRefused;
        stream.Source.Owner = this;
        stream.Source.Wants = stream.ReceiveNeeds;
    }

    /// <inheritdoc/>
    public ITransportThread Thread { get; }

    /// <inheritdoc/>
    public IPEndPoint? RemoteEndPoint => _stream.RemoteEndPoint;

    /// <inheritdoc/>
    public IPEndPoint? LocalEndPoint => _stream.LocalEndPoint;

    /// <inheritdoc/>
    public long Descriptor => _stream.Source.Descriptor;

    /// <summary>It is to begin to be served: its task in the mailbox does that. Any thread.</summary>
    public bool IsStarting => !_isServed && Volatile.Read(ref _isShut) == 0;

    /// <inheritdoc/>
    public bool IsServedMeanwhile => _owner!.IsServedMeanwhile;

    /// <inheritdoc/>
    public void Start(ITransportOwner owner)
    {
        _owner = owner;
        if (Thread.Post(this)) return;
        _stream.Dispose();
        owner.OnClosed();
    }

    /// <inheritdoc/>
    public bool TryReceive(Span<byte> buffer, out int received)
    {
        var status = _stream.Receive(buffer, out received);
        if (status == StreamStatus.Broken) received = -1;
        if (status == StreamStatus.Done) TellOfBuffered();
        RenewWants();
        return status != StreamStatus.NotNow;
    }

    /// <inheritdoc/>
    public int TrySend(ReadOnlySpan<byte> bytes)
    {
        LockOrder.AssertMayBlock("a send");
        var status = _stream.Send(bytes, out var sent);
        return status == StreamStatus.Broken ? -1 : sent;
    }

    /// <inheritdoc/>
    public int TrySend(ReadOnlySpan<ArraySegment<byte>> segments)
    {
        LockOrder.AssertMayBlock("a send");
        var status = _stream.Send(segments, out var sent);
        return status == StreamStatus.Broken ? -1 : sent;
    }

    /// <inheritdoc/>
    public bool TryPutOff(ReadOnlySpan<byte> bytes, ISendReceiver receiver) =>
        Thread.Sends is { } sends && _stream.TryPutOff(sends, bytes, receiver);

    /// <inheritdoc/>
    public void Watch(bool readable, bool writable)
    {
        (_wantsToReceive, _wantsToSend) = (readable, writable);
        if (readable && !_wasReceiving) TellOfBuffered();
        _wasReceiving = readable;
        RenewWants();
    }

    /// <summary>Has the owner told of what no poller sees, once a round for as long as it is there, as a poller would. On the thread.</summary>
    private void TellOfBuffered()
    {
        if (_isBufferedTold || !_stream.HasBuffered) return;
        _isBufferedTold = true;
        Thread.Post(this);
    }

    /// <summary>Has the poller watch for what the stream needs now for what its owner wants. On the thread.</summary>
    private void RenewWants()
    {
        var source = _stream.Source;
        var wants = (_wantsToReceive ? _stream.ReceiveNeeds : Readiness.None) | (_wantsToSend ? _stream.SendNeeds : Readiness.None);
        if (wants == source.Wants) return;
        source.Wants = wants;
        if (_isServed) Thread.Poller.Change(source);
    }

    /// <inheritdoc/>
    public void Close()
    {
        if (Interlocked.Exchange(ref _isShut, 1) != 0) return;
        _stream.Shut();
        Thread.Post(this); // one that has ended has closed it
    }

    /// <summary>Begins to be served, or ends. On the thread.</summary>
    void IIoTask.Run()
    {
        if (_hasEnded) return;
        if (Volatile.Read(ref _isShut) != 0)
        {
            End();
        }
        else if (!_isServed)
        {
            try
            {
                Thread.Poller.Add(_stream.Source);
                _isServed = true;
            }
            catch (Win32Exception error)
            {
                _onRefused(error);
                End();
            }
        }
        else
        {
            _isBufferedTold = false;
            if (!_wantsToReceive || !_stream.HasBuffered) return;
            _owner!.OnReady(readable: true, writable: false);

            // An owner that has other things to do first is told again.
            if (!_hasEnded && Volatile.Read(ref _isShut) == 0 && _wantsToReceive) TellOfBuffered();
        }
    }

    /// <summary>The socket is ready. On the thread.</summary>
    void IPollOwner.OnReady(Readiness readiness)
    {
        if (_hasEnded || Volatile.Read(ref _isShut) != 0) return; // its end is in the mailbox
        var isBroken = (readiness & Readiness.Broken) != 0;
        if (isBroken && !_wantsToReceive)
        {
            Close();
            return;
        }

        // What an encrypted stream waits for need not be what its owner does.
        var readable = _wantsToReceive && (isBroken || (readiness & _stream.ReceiveNeeds) != 0);
        var writable = _wantsToSend && (readiness & _stream.SendNeeds) != 0;
        if (readable || writable) _owner!.OnReady(readable, writable);
    }

    /// <summary>Ends the stream. On the thread, or after its end.</summary>
    public void End()
    {
        if (_hasEnded) return;
        _hasEnded = true;
        Volatile.Write(ref _isShut, 1);
        if (_isServed) Thread.Poller.Remove(_stream.Source);
        _stream.Dispose();
        _owner?.OnClosed();
    }
}
