using System.ComponentModel;
using Microsoft.Extensions.Logging;

namespace Starling.Serving;

/// <summary>
/// The I/O threads of a server. A connection stays with the thread that it is given when it is accepted. They wait with
/// epoll on Linux, and with select elsewhere.
/// </summary>
/// <remarks>
/// Why not the runtime's socket engine: it is edge-triggered, so it asks every socket a second time whether there is
/// more, and passes each completion through several layers (GET without pipelining over 50 connections cost 1.02 to
/// 1.05 of redis-server's CPU with it); and it knows no rounds.
/// </remarks>
public sealed class IoThreads
{
    private readonly ILogger _logger;
    private readonly Action _beforeReplies;
    private readonly Func<IPoller> _makePoller;
    private readonly Func<SendBatch> _makeSends;
    private readonly IoTransport _transport;
    private readonly int _count;
    private IoThread[] _threads = [];
    private int _next;
    private int _isStopped;

    /// <summary>Makes the threads of a server; none runs yet.</summary>
    /// <param name="count">How many, at least one.</param>
    /// <param name="logger">Gets what the operator should know.</param>
    /// <param name="beforeReplies">See <see cref="IoThread"/>.</param>
    /// <param name="transport">How they send.</param>
    /// <param name="makePoller">Makes what they wait with; null for the best that the system has.</param>
    /// <param name="makeSends">Makes what they send with, unless <paramref name="transport"/> says otherwise; for tests.</param>
    public IoThreads(
        int count,
        ILogger logger,
        Action beforeReplies,
        IoTransport transport,
        Func<IPoller>? makePoller = null,
        Func<SendBatch>? makeSends = null)
    {
        _makeSends = makeSends ?? (static () => new SendBatch());
        _transport = transport;
        _count = count;
        _logger = logger;
        _beforeReplies = beforeReplies;
        _makePoller = makePoller ?? (static () => OperatingSystem.IsLinux() ? new EpollPoller() : new SelectPoller());
    }

    /// <summary>What they wait and send with, as INFO names it.</summary>
    public string Api => (OperatingSystem.IsLinux() ? "epoll" : "select") + (_threads is [{ Sends: not null }, ..] ? "+io_uring" : "");

    /// <summary>Starts them; before the first <see cref="Adopt"/>.</summary>
    /// <exception cref="ServerStartException">The system has no descriptors left, or refuses the way of sending that was asked for.</exception>
    public void Start()
    {
        var threads = new IoThread[_count];
        try
        {
            for (var i = 0; i < threads.Length; i++)
                threads[i] = new IoThread($"io-{i}", _makePoller(), TimeProvider.System, _beforeReplies, MakeSends(isFirst: i == 0));
        }
        catch (Exception error) when (error is Win32Exception)
        {
            throw new ServerStartException("Failed creating the event loop. Error message: '" + error.Message + "'", error);
        }

        foreach (var thread in threads) thread.Start();
        _threads = threads;
    }

    /// <summary>
    /// Ends them; every connection that is left is closed. Not from one of them. A second call does nothing.
    /// </summary>
    public void Stop()
    {
        if (Interlocked.Exchange(ref _isStopped, 1) != 0) return;
        foreach (var thread in _threads) thread.Stop();
    }

    /// <summary>Makes the transport of a connected stream, which is its from now on.</summary>
    public ITransport Adopt(IByteStream stream)
    {
        var thread = _threads[(uint)Interlocked.Increment(ref _next) % (uint)_threads.Length];
        return new StreamTransport(stream, thread, error => ServingLog.CannotWatch(_logger, error.Message));
    }

    private SendBatch? MakeSends(bool isFirst)
    {
        if (_transport == IoTransport.Epoll || !OperatingSystem.IsLinux()) return null;
        try
        {
            return _makeSends();
        }
        catch (Win32Exception refused) when (_transport == IoTransport.Auto)
        {
            if (isFirst) ServingLog.NoIoUring(_logger, refused.Message);
            return null;
        }
        catch (Win32Exception refused)
        {
            throw new ServerStartException(
                "io-transport is io_uring, but the system refuses it to this process: " + refused.Message +
                ". It needs Linux 5.18, kernel.io_uring_disabled = 0 and a seccomp filter that lets it pass; " +
                "with 'io-transport auto' the server does without.",
                refused);
        }
    }
}
