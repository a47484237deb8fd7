using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Starling.Transport;

/// <summary>
/// Accepts the connections of one listening socket, on a thread of its own that is there before the first connection:
/// when the process runs out of descriptors it can start no thread and no timer any more. A descriptor is put by for
/// that time, so that whoever connects then is told why it is refused.
/// </summary>
public sealed class Acceptor
{
    private const string SpareFile = "/dev/null";
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan EndDelay = TimeSpan.FromSeconds(1);

    private readonly Listener _listener;
    private readonly Action<SocketStream> _serve;
    private readonly Action<SocketStream> _refuse;
    private readonly Action<SocketException> _failed;
    private readonly ManualResetEventSlim _isStopped = new();
    private readonly Thread _thread;
    private SafeFileHandle? _spare; // the thread's own

    /// <summary>Makes an acceptor; nothing is accepted yet.</summary>
    /// <param name="listener">Where; the acceptor's from now on. Its accept waits.</param>
    /// <param name="serve">Takes a connection over.</param>
    /// <param name="refuse">Tells a client that there are too many, and closes.</param>
    /// <param name="failed">Told what goes wrong; accepting goes on. On the acceptor's thread.</param>
    public Acceptor(Listener listener, Action<SocketStream> serve, Action<SocketStream> refuse, Action<SocketException> failed)
    {
        _listener = listener;
        _serve = serve;
        _refuse = refuse;
        _failed = failed;
        _spare = OpenSpare();
        _thread = new Thread(Run) { IsBackground = true, Name = "accept" };
    }

    /// <summary>Where it listens.</summary>
    public Listener Listener => _listener;

    /// <summary>True once <see cref="TryStart"/> succeeded.</summary>
    public bool IsStarted { get; private set; }

    /// <summary>Begins to accept; false when the system has no thread left.</summary>
    public bool TryStart()
    {
        if (!IsStarted) IsStarted = _thread.TryStart();
        return IsStarted;
    }

    /// <summary>Stops listening; connections that were accepted stay. Any thread; a second call does nothing.</summary>
    public void Stop()
    {
        _isStopped.Set();
        _listener.Dispose(); // ends the accept that is under way
        if (!IsStarted) _spare?.Dispose();

        // The port is free only when that accept has let go of the socket.
        if (IsStarted && Thread.CurrentThread != _thread) _thread.Join(EndDelay);
    }

    private void Run()
    {
        try
        {
            while (!_isStopped.IsSet) AcceptOne();
        }
        catch (ObjectDisposedException) when (_isStopped.IsSet)
        {
            // Stopped between two accepts.
        }
        finally
        {
            _spare?.Dispose();
        }
    }

    private void AcceptOne()
    {
        SocketStream client;
        try
        {
            client = _listener.Accept();
        }
        catch (SocketException error)
        {
            if (_isStopped.IsSet) return;
            OnFailed(error);
            return;
        }

        try
        {
            _serve(client);
        }
        catch (SocketException error)
        {
            // The client went away while its socket was set up.
            _failed(error);
            client.Dispose();
        }
    }

    private void OnFailed(SocketException error)
    {
        if (error.SocketErrorCode is SocketError.ConnectionAborted or SocketError.Interrupted) return;
        _failed(error);
        if (error.SocketErrorCode == SocketError.TooManyOpenSockets && TryRefuseOne()) return;
        _isStopped.Wait(RetryDelay); // some descriptors will be free again
    }

    /// <summary>Lets the client that waits have the spare descriptor, long enough to be told.</summary>
    private bool TryRefuseOne()
    {
        if ((_spare ?? OpenSpare()) is not { } spare) return false;
        spare.Dispose();
        _spare = null;
        try
        {
            _refuse(_listener.Accept());
            return true;
        }
        catch (SocketException)
        {
            return false; // another thread was faster, or the client is gone
        }
        finally
        {
            _spare = OpenSpare();
        }
    }

    private static SafeFileHandle? OpenSpare()
    {
        if (!OperatingSystem.IsLinux()) return null;
        try
        {
            return File.OpenHandle(SpareFile);
        }
        catch (Exception none) when (none is IOException or UnauthorizedAccessException)
        {
            return null; // tried again when it is needed
        }
    }
}
