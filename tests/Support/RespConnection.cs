using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Starling.Tests.Support;

/// <summary>
/// A plain RESP2 client that shares no code with the server, so that a mistake of the server's parser is not mirrored
/// here. Replies are
/// strings (Latin-1, one character a byte), longs, null, arrays of these, or <see cref="RespError"/>.
/// </summary>
public sealed class RespConnection : IDisposable
{
    private readonly Socket _socket;
    private readonly NetworkStream _stream;
    private readonly byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;

    /// <summary>
    /// Connects to a port of this machine; a reply that takes longer than the timeout is an <see cref="IOException"/>.
    /// </summary>
    public RespConnection(int port, int timeoutMilliseconds = 60_000)
    {
        _socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            _socket.Connect("127.0.0.1", port);
        }
        catch (SocketException)
        {
            _socket.Dispose();
            throw;
        }

        _socket.ReceiveTimeout = timeoutMilliseconds;
        _socket.SendTimeout = timeoutMilliseconds;
        _stream = new NetworkStream(_socket, ownsSocket: true);
    }

    /// <summary>Sends a command and returns its reply.</summary>
    public object? Call(params string[] arguments)
    {
        Send(arguments);
        return Read();
    }

    /// <summary>Sends a command and returns its reply as text; an error reply is an exception.</summary>
    public string Text(params string[] arguments) => Call(arguments) switch
    {
        RespError error => throw new InvalidOperationException($"{string.Join(' ', arguments)}: {error.Text}"),
        null => "",
        long number => number.ToString(CultureInfo.InvariantCulture),
        var reply => reply.ToString() ?? "",
    };

    /// <summary>One field of INFO, CLUSTER INFO or any text of "name:value" lines; null when it is not there.</summary>
    public static string? Field(string text, string name)
    {
        foreach (var line in text.Split('\n'))
        {
            if (line.StartsWith(name + ":", StringComparison.Ordinal)) return line[(name.Length + 1)..].Trim();
        }

        return null;
    }

    /// <summary>Sends a command without waiting for the reply.</summary>
    public void Send(params string[] arguments) => SendRaw(Encode(arguments));

    /// <summary>Sends bytes as they are.</summary>
    public void SendRaw(byte[] bytes) => _stream.Write(bytes);

    /// <summary>A command as RESP.</summary>
    public static byte[] Encode(params string[] arguments)
    {
        var text = new StringBuilder().Append('*').Append(arguments.Length).Append("\r\n");
        foreach (var argument in arguments) text.Append('$').Append(argument.Length).Append("\r\n").Append(argument).Append("\r\n");
        return Encoding.Latin1.GetBytes(text.ToString());
    }

    /// <summary>Reads one reply.</summary>
    public object? Read()
    {
        var line = ReadLine();
        var rest = line[1..];
        switch (line[0])
        {
            case '+': return rest;
            case '-': return new RespError(rest);
            case ':': return long.Parse(rest, CultureInfo.InvariantCulture);
            case '$':
                var length = int.Parse(rest, CultureInfo.InvariantCulture);
                if (length < 0) return null;
                var bytes = ReadBytes(length + 2);
                return Encoding.Latin1.GetString(bytes, 0, length);
            case '*':
                var count = int.Parse(rest, CultureInfo.InvariantCulture);
                if (count < 0) return null;
                var items = new object?[count];
                for (var i = 0; i < count; i++) items[i] = Read();
                return items;
            default: throw new InvalidDataException("not a RESP2 reply: " + line);
        }
    }

    /// <summary>Reads the snapshot that follows SYNC: like a bulk string, without a line end.</summary>
    public string ReadSnapshot()
    {
        string line;
        do line = ReadLine();
        while (line.Length == 0);
        if (line[0] != '$') throw new InvalidDataException("not a snapshot: " + line);
        var length = int.Parse(line.AsSpan(1), CultureInfo.InvariantCulture);
        return Encoding.Latin1.GetString(ReadBytes(length));
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private string ReadLine()
    {
        var line = new StringBuilder();
        while (true)
        {
            if (_start == _end) Fill();
            var newline = Array.IndexOf(_buffer, (byte)'\n', _start, _end - _start);
            var end = newline < 0 ? _end : newline;
            line.Append(Encoding.Latin1.GetString(_buffer, _start, end - _start));
            _start = newline < 0 ? _end : newline + 1;
            if (newline >= 0) return line.ToString().TrimEnd('\r');
        }
    }

    private byte[] ReadBytes(int count)
    {
        var bytes = new byte[count];
        var at = 0;
        while (at < count)
        {
            if (_start == _end) Fill();
            var taken = Math.Min(count - at, _end - _start);
            Buffer.BlockCopy(_buffer, _start, bytes, at, taken);
            at += taken;
            _start += taken;
        }

        return bytes;
    }

    private void Fill()
    {
        _start = 0;
        _end = _stream.Read(_buffer);
        if (_end == 0) throw new EndOfStreamException("the server closed the connection");
    }
}
