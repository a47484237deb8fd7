using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Starling.Resp;

namespace Starling.Node.Tests.Replication;

/// <summary>A plain client that waits for each reply.</summary>
internal sealed class SyncClient : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp);
    private readonly RespReplyReader _reader = new();

    public SyncClient(int port)
    {
        _socket.NoDelay = true;
        _socket.ReceiveTimeout = 60_000;
        _socket.Connect("127.0.0.1", port);
    }

    public Socket Socket => _socket;

    public RespReply Command(params ReadOnlySpan<string> arguments)
    {
        Send(arguments);
        return Receive();
    }

    public string? Text(params ReadOnlySpan<string> arguments) => Command(arguments).Text;

    public void Send(params ReadOnlySpan<string> arguments) => SendRaw(Encode(arguments));

    public void SendRaw(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0) bytes = bytes[_socket.Send(bytes)..];
    }

    public RespReply Receive()
    {
        RespReply reply;
        while (!_reader.TryRead(out reply!)) Fill();
        return reply;
    }

    /// <summary>Reads bytes that are no replies.</summary>
    public byte[] ReceiveRaw(int count)
    {
        while (_reader.Buffered.Length < count) Fill();
        var bytes = _reader.Buffered[..count].ToArray();
        _reader.Skip(count);
        return bytes;
    }

    /// <summary>Reads a line that is no reply.</summary>
    public string ReceiveLine()
    {
        int at;
        while ((at = _reader.Buffered.IndexOf((byte)'\n')) < 0) Fill();
        return Encoding.Latin1.GetString(ReceiveRaw(at + 1)).TrimEnd('\r', '\n');
    }

    public Dictionary<string, string> Info(string section)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in Text("INFO", section)!.Split("\r\n", StringSplitOptions.RemoveEmptyEntries))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0) fields[line[..colon]] = line[(colon + 1)..];
        }

        return fields;
    }

    public void Dispose() => _socket.Dispose();

    public static byte[] Encode(params ReadOnlySpan<string> arguments)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"*{arguments.Length}\r\n");
        foreach (var argument in arguments)
            text.Append(CultureInfo.InvariantCulture, $"${Encoding.UTF8.GetByteCount(argument)}\r\n{argument}\r\n");
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>
    /// Waits until a condition holds; fails after a minute with what <paramref name="describe"/> says.
    /// </summary>
    public static void WaitFor(Func<bool> condition, Func<string> describe)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            if (clock.Elapsed > TimeSpan.FromSeconds(60)) Assert.Fail("waited in vain: " + describe());
            Thread.Sleep(5);
        }
    }

    private void Fill()
    {
        var count = _socket.Receive(_reader.GetSpan(65536));
        if (count == 0) throw new IOException("the server closed the connection");
        _reader.Advance(count);
    }
}
