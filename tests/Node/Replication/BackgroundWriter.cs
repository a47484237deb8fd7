using System.Globalization;

namespace Starling.Node.Tests.Replication;

/// <summary>Writes to a server, one command after another, until it is disposed.</summary>
internal sealed class BackgroundWriter : IDisposable
{
    private readonly SyncClient _client;
    private readonly Action<SyncClient, int> _write;
    private readonly Thread _thread;
    private volatile bool _stop;
    private volatile Exception? _failure;
    private int _written;

    /// <param name="port">The server's.</param>
    /// <param name="write">Does the write of a number; by default commands of many kinds in four databases.</param>
    public BackgroundWriter(int port, Action<SyncClient, int>? write = null)
    {
        _write = write ?? WriteManyKinds;
        _client = new SyncClient(port);
        _thread = new Thread(Run) { IsBackground = true };
        _thread.Start();
    }

    public void WaitForMore(int count)
    {
        var goal = Volatile.Read(ref _written) + count;
        SyncClient.WaitFor(() => Volatile.Read(ref _written) >= goal || _failure is not null, () => "writes");
        Assert.Null(_failure);
    }

    public void Dispose()
    {
        _stop = true;
        _thread.Join();
        _client.Dispose();
        Assert.Null(_failure);
    }

    private static void WriteManyKinds(SyncClient client, int i)
    {
        var number = (i % 700).ToString(CultureInfo.InvariantCulture);
        if (i % 3 == 0) client.Command("SELECT", (i % 4).ToString(CultureInfo.InvariantCulture));
        var reply = (i % 5) switch
        {
            0 => client.Command("SET", "before:" + number, "new " + number),
            1 => client.Command("INCR", "count:" + number),
            2 => client.Command("DEL", "before:" + number),
            3 => client.Command("APPEND", "text:" + number, number),
            _ => client.Command("SET", "expiring:" + number, number, "EX", "1000"),
        };
        if (reply.IsError) throw new InvalidOperationException(reply.ToString());
    }

    private void Run()
    {
        try
        {
            for (var i = 0; !_stop; i++)
            {
                _write(_client, i);
                Interlocked.Increment(ref _written);
            }
        }
        catch (Exception failure) when (failure is IOException or InvalidOperationException or System.Net.Sockets.SocketException)
        {
            _failure = failure;
        }
    }
}
