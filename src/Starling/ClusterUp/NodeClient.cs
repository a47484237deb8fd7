using System.Net.Sockets;
using System.Text;
using Starling.Resp;

namespace Starling.CommandLine.ClusterUp;

/// <summary>A connection to a node for a few administrative commands; blocking, with a deadline.</summary>
internal sealed class NodeClient : IDisposable
{
    private readonly Socket _socket;
    private readonly RespReplyReader _replies = new();
    private readonly byte[] _received = new byte[16 * 1024];

    /// <summary>Connects to a node on this machine.</summary>
    public NodeClient(int port)
    {
        _socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true,
            ReceiveTimeout = 10_000,
            SendTimeout = 10_000,
        };
        try
        {
            _socket.Connect("127.0.0.1", port);
        }
        catch (SocketException)
        {
            _socket.Dispose();
            throw;
        }
    }

    /// <summary>Sends a command and returns its reply's text.</summary>
    /// <exception cref="OperatorException">The node replied with an error.</exception>
    /// <exception cref="IOException">The connection broke.</exception>
    /// <exception cref="SocketException">The connection broke.</exception>
    public string Call(params string[] arguments)
    {
        var command = new StringBuilder().Append('*').Append(arguments.Length).Append("\r\n");
        foreach (var argument in arguments)
            command.Append('$').Append(Encoding.UTF8.GetByteCount(argument)).Append("\r\n").Append(argument).Append("\r\n");
        var bytes = Encoding.UTF8.GetBytes(command.ToString());
        for (var sent = 0; sent < bytes.Length;) sent += _socket.Send(bytes, sent, bytes.Length - sent, SocketFlags.None);

        while (true)
        {
            if (_replies.TryRead(out var reply))
            {
                if (reply.IsError) throw new OperatorException($"{string.Join(' ', arguments)}: {reply.Text}");
                return reply.Text ?? "";
            }

            var count = _socket.Receive(_received);
            if (count == 0) throw new IOException("the node closed the connection");
            _replies.Append(_received.AsSpan(0, count));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();
}
