using System.Net;
using System.Net.Sockets;
using System.Text;
using Starling.Resp;

namespace Starling.Node.Tests;

/// <summary>
/// A client for tests: sends commands or bytes, reads replies; every wait ends after a minute at most.
/// </summary>
public sealed class TestClient : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(1);

    private readonly Socket _socket;
    private readonly RespReplyReader _reader = new();
    private readonly byte[] _buffer = new byte[64 * 1024];

    private TestClient(Socket socket) => _socket = socket;

    public Socket Socket => _socket;

    public static async Task<TestClient> ConnectAsync(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port);
        return new TestClient(socket);
    }

    /// <summary>A command in its multibulk form.</summary>
    public static byte[] Encode(params string[] arguments)
    {
        var writer = new RespWriter();
        writer.Array(arguments.Length);
        foreach (var argument in arguments) writer.Bulk(argument);
        return writer.ToArray();
    }

    /// <summary>Sends a command and reads its reply.</summary>
    public async Task<RespReply> CallAsync(params string[] arguments)
    {
        await SendAsync(Encode(arguments));
        return await ReadAsync();
    }

    /// <summary>
    /// Sends a command and returns its reply as text: the string, the digits, "(nil)", "(error) ...", "[a, b]".
    /// </summary>
    public async Task<string> TextAsync(params string[] arguments) => (await CallAsync(arguments)).ToString();

    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        using var patience = new CancellationTokenSource(Deadline);
        while (bytes.Length > 0) bytes = bytes[await _socket.SendAsync(bytes, patience.Token)..];
    }

    /// <summary>Reads one reply.</summary>
    public async Task<RespReply> ReadAsync()
    {
        RespReply reply;
        while (!_reader.TryRead(out reply))
            if (!await ReceiveAsync()) throw new EndOfStreamException("the server closed the connection");
        return reply;
    }

    /// <summary>Reads until the server closes; what came before is dropped.</summary>
    public async Task WaitForCloseAsync()
    {
        try
        {
            while (await ReceiveAsync())
                while (_reader.TryRead(out _)) { }
        }
        catch (SocketException)
        {
            // A reset is a close too.
        }
    }

    public void Dispose() => _socket.Dispose();

    private async Task<bool> ReceiveAsync()
    {
        using var patience = new CancellationTokenSource(Deadline);
        var count = await _socket.ReceiveAsync(_buffer, patience.Token);
        _reader.Append(_buffer.AsSpan(0, count));
        return count > 0;
    }
}
