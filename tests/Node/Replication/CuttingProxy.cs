using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Starling.Node.Tests.Replication;

/// <summary>
/// Stands between a replica and its master, and cuts each connection after a number of bytes in one direction: the first
/// after the first number of a plan, the next after the next, and those beyond the plan never.
/// </summary>
internal sealed class CuttingProxy : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly int _masterPort;
    private readonly int[] _plan;
    private readonly bool _countsAnswers;
    private readonly Thread _accepting;
    private readonly Lock _lock = new(); // guards the list
    private readonly List<Socket> _sockets = [];
    private int _accepted;
    private int _cuts;
    private volatile bool _stop;

    /// <summary>Starts it.</summary>
    /// <param name="masterPort">The master's port.</param>
    /// <param name="countsAnswers">Counts what the master sends; otherwise what the replica sends.</param>
    /// <param name="plan">After how many bytes connections are cut.</param>
    public CuttingProxy(int masterPort, bool countsAnswers, IEnumerable<int> plan)
    {
        _masterPort = masterPort;
        _countsAnswers = countsAnswers;
        _plan = [.. plan];
        _listener.Start();
        _accepting = new Thread(Accept) { IsBackground = true };
        _accepting.Start();
    }

    public string Port => ((IPEndPoint)_listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);

    /// <summary>Every connection of the plan was cut.</summary>
    public bool IsDone => Volatile.Read(ref _cuts) >= _plan.Length;

    public override string ToString() => $"{Volatile.Read(ref _cuts)} of {_plan.Length} cuts";

    public void Dispose()
    {
        _stop = true;
        _listener.Dispose();
        lock (_lock) foreach (var socket in _sockets) socket.Dispose();
        _accepting.Join();
    }

    private void Accept()
    {
        while (!_stop)
        {
            try
            {
                var replica = _listener.AcceptSocket();
                var master = new Socket(SocketType.Stream, ProtocolType.Tcp);
                lock (_lock) _sockets.AddRange([replica, master]);
                master.Connect(IPAddress.Loopback, _masterPort);
                replica.NoDelay = true;
                master.NoDelay = true;
                var number = _accepted++;
                var limit = number < _plan.Length ? _plan[number] : int.MaxValue;
                Start(replica, master, _countsAnswers ? int.MaxValue : limit);
                Start(master, replica, _countsAnswers ? limit : int.MaxValue);
            }
            catch (Exception gone) when (gone is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                // Disposed, or the master is not there: the replica comes again.
            }
        }
    }

    private void Start(Socket from, Socket to, int limit) =>
        new Thread(() => Forward(from, to, limit)) { IsBackground = true }.Start();

    private void Forward(Socket from, Socket to, int limit)
    {
        var buffer = new byte[4096];
        try
        {
            while (limit > 0)
            {
                var count = from.Receive(buffer, Math.Min(buffer.Length, limit), SocketFlags.None);
                if (count == 0) break;
                for (var sent = 0; sent < count;) sent += to.Send(buffer, sent, count - sent, SocketFlags.None);
                limit -= count;
            }
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
            // One end is gone; so goes the other.
        }

        if (limit == 0) Interlocked.Increment(ref _cuts);
        from.Dispose();
        to.Dispose();
    }
}
