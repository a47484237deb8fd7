using System.Net.Sockets;

namespace Starling.Node.Tests.Replication;

/// <summary>Writes without waiting for replies, until it is disposed or the server goes.</summary>
internal sealed class PipelinedWriter : IDisposable
{
    private readonly SyncClient _client;
    private readonly Thread _sending;
    private readonly Thread _receiving;
    private volatile bool _stop;
    private volatile bool _hasReply;

    public PipelinedWriter(int port)
    {
        _client = new SyncClient(port);
        _sending = new Thread(() => UntilTheServerGoes(Send)) { IsBackground = true };
        _receiving = new Thread(() => UntilTheServerGoes(Receive)) { IsBackground = true };
        _sending.Start();
        _receiving.Start();
    }

    /// <summary>Waits for the first reply.</summary>
    public void WaitForFirst() => SyncClient.WaitFor(() => _hasReply, () => "a first write");

    public void Dispose()
    {
        _stop = true;
        _client.Socket.Shutdown(SocketShutdown.Both);
        _sending.Join();
        _receiving.Join();
        _client.Dispose();
    }

    private static void UntilTheServerGoes(Action act)
    {
        try
        {
            act();
        }
        catch (Exception gone) when (gone is IOException or SocketException)
        {
            // That is what the test is about.
        }
    }

    private void Send()
    {
        var batch = Enumerable.Range(0, 50).SelectMany(i => SyncClient.Encode("INCR", "n:" + i)).ToArray();
        while (!_stop) _client.SendRaw(batch);
    }

    private void Receive()
    {
        while (!_stop)
        {
            _client.Receive();
            _hasReply = true;
        }
    }
}
