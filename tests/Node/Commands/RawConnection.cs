using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Starling.Node.Tests.Commands;

/// <summary>A client of both protocols that keeps the types of replies and can send many commands before it reads.</summary>
internal sealed class RawConnection : IDisposable
{
    private readonly TcpClient _client = new() { NoDelay = true };
    private readonly BufferedStream _stream;

    public RawConnection(int port)
    {
        _client.Connect(IPAddress.Loopback, port);
        _client.ReceiveTimeout = 60_000;
        _client.SendTimeout = 60_000;
        _stream = new BufferedStream(_client.GetStream(), 64 * 1024);
    }

    public RawReply Call(params string[] arguments) => CallAll([arguments])[0];

    public RawReply[] CallAll(IReadOnlyList<string[]> commands)
    {
        foreach (var command in commands) _stream.Write(CommandText.Encode(command));
        _stream.Flush();
        var replies = new RawReply[commands.Count];
        for (var i = 0; i < replies.Length; i++) replies[i] = Read();
        return replies;
    }

    public void Dispose()
    {
        _stream.Dispose();
        _client.Dispose();
    }

    /// <summary>Reads what comes next: what nobody asked for, say.</summary>
    public RawReply Read()
    {
        var line = ReadLine();
        var rest = line[1..];
        switch (line[0])
        {
            case '+' or '-' or ':' or ',' or '#' or '(': return new RawReply(line[0], rest, []);
            case '_': return new RawReply('_', null, []);
            case '$' or '=':
                var length = int.Parse(rest, CultureInfo.InvariantCulture);
                if (length < 0) return new RawReply('$', null, []);
                var bytes = new byte[length + 2];
                _stream.ReadExactly(bytes);
                return new RawReply(line[0], Encoding.Latin1.GetString(bytes, 0, length), []);
            case '*' or '~' or '%':
                var count = Math.Max(0, int.Parse(rest, CultureInfo.InvariantCulture));
                var items = new RawReply[line[0] == '%' ? 2 * count : count];
                for (var i = 0; i < items.Length; i++) items[i] = Read();
                return new RawReply(line[0], rest, items);
            default: throw new InvalidDataException("not a reply: " + line);
        }
    }

    private string ReadLine()
    {
        var line = new StringBuilder();
        while (true)
        {
            var next = _stream.ReadByte();
            if (next < 0) throw new EndOfStreamException($"the server closed the connection after {CommandText.Printable(line.ToString())}");
            if (next == '\n') return line.ToString().TrimEnd('\r');
            line.Append((char)next);
        }
    }
}
