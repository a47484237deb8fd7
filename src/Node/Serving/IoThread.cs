using System.ComponentModel;
using Starling.Slots;

namespace Starling.Node.Serving;

/// <summary>
/// One I/O thread: waits with epoll for the sockets of its clients, receives what came and tells their owners, who
/// execute and answer on this thread. Nothing on it may block. An owner that throws stops the process.
/// </summary>
internal sealed class IoThread
{
    private const int MostEvents = 256;

    private readonly Epoll _epoll = new(MostEvents);
    private readonly Lock _lock = new(); // guards changes of _transports, and _hasEnded; takes no other lock

    // By descriptor: the system gives out the lowest that is free. The thread reads it without the lock: a transport is
    // in it before its first event, and leaves it on the thread.
    private EpollTransport?[] _transports = [];
    private readonly Thread _thread;
    private bool _hasEnded;
    private volatile bool _isStopping;

    /// <summary>Makes the thread; it does not run yet.</summary>
    /// <exception cref="Win32Exception">The system has no descriptors left.</exception>
    public IoThread(string name) => _thread = new Thread(Run) { IsBackground = true, Name = name };

    /// <summary>Starts the thread.</summary>
    public void Start() => _thread.Start();

    /// <summary>
    /// Ends the thread and waits for it; what is under way on its transports ends as broken. Not from the thread
    /// itself.
    /// </summary>
    public void Stop()
    {
        Invariant.That(Thread.CurrentThread != _thread);
        _isStopping = true;
        _epoll.Wake();
        _thread.Join();
        lock (_lock) _epoll.Dispose();
    }

    /// <summary>Serves a transport from now on. Any thread.</summary>
    /// <param name="transport">The transport.</param>
    /// <param name="events">What to wait for.</param>
    /// <returns>False when the thread has ended.</returns>
    /// <exception cref="Win32Exception">The system refuses to watch another socket.</exception>
    internal bool TryAdd(EpollTransport transport, uint events)
    {
        var descriptor = (int)transport.Descriptor;
        lock (_lock)
        {
            if (_hasEnded) return false;
            Put(descriptor, transport);
            try
            {
                _epoll.Add(descriptor, events);
            }
            catch
            {
                _transports[descriptor] = null;
                throw;
            }

            return true;
        }
    }

    /// <summary>Waits for something else. Any thread, while the transport is being served.</summary>
    internal void Modify(EpollTransport transport, uint events) => _epoll.Modify((int)transport.Descriptor, events);

    /// <summary>Serves a transport no more. On this thread, before its descriptor is closed.</summary>
    internal void Remove(EpollTransport transport)
    {
        var descriptor = (int)transport.Descriptor;
        _epoll.Remove(descriptor);
        lock (_lock) _transports[descriptor] = null;
    }

    /// <summary>Under the lock.</summary>
    private void Put(int descriptor, EpollTransport transport)
    {
        var transports = _transports;
        if (descriptor >= transports.Length)
            Array.Resize(ref transports, Math.Max(descriptor + 1, transports.Length * 2));
        transports[descriptor] = transport;
        Volatile.Write(ref _transports, transports);
    }

    private EpollTransport? Find(int descriptor)
    {
        var transports = Volatile.Read(ref _transports);
        return (uint)descriptor < (uint)transports.Length ? transports[descriptor] : null;
    }

    private void Run()
    {
        try
        {
            while (!_isStopping)
            {
                var count = _epoll.Wait();
                for (var i = 0; i < count; i++)
                {
                    var (descriptor, events) = _epoll.Ready(i);
                    Find(descriptor)?.OnReady(events);
                }
            }

            lock (_lock) _hasEnded = true;
            foreach (var transport in _transports) transport?.Abort();
        }
        catch (Exception error) when (Fail(error))
        {
            throw; // not reached
        }
    }

    // As a filter: nobody's lock has been released yet, so that nobody sees what was left half done.
    private static bool Fail(Exception error)
    {
        Environment.FailFast("an I/O thread failed: " + error.Message, error);
        return false;
    }
}
