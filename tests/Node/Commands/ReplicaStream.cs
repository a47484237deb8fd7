using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Starling.Node.Tests.Commands;

/// <summary>What a server sends to a replica after the snapshot: the commands of its replication stream.</summary>
internal sealed class ReplicaStream : IDisposable
{
    private readonly TcpClient _client = new() { NoDelay = true };
    private readonly BufferedStream _stream;

    /// <summary>Asks for the stream and reads the snapshot.</summary>
    public ReplicaStream(int port)
    {
        _client.Connect(IPAddress.Loopback, port);
        _client.ReceiveTimeout = 60_000;
        _stream = new BufferedStream(_client.GetStream(), 64 * 1024);
        _stream.Write("SYNC\r\n"u8);
        _stream.Flush();
        string line;
        do line = ReadLine();
        while (line.Length == 0);
        if (line[0] != '$') throw new InvalidDataException("SYNC: " + line);
        if (line.StartsWith("$EOF:", StringComparison.Ordinal)) SkipTo(line[5..]);
        else _stream.ReadExactly(new byte[int.Parse(line[1..], CultureInfo.InvariantCulture)]);
    }

    /// <summary>The commands up to the one with this argument, without it and without the server's own pings.</summary>
    public List<string[]> ReadTo(string marker)
    {
        var commands = new List<string[]>();
        while (true)
        {
            var command = ReadCommand();
            if (command.Contains(marker)) return commands;
            if (command[0].ToUpperInvariant() is not ("PING" or "REPLCONF")) commands.Add(command);
        }
    }

    public void Dispose()
    {
        _stream.Dispose();
        _client.Dispose();
    }

    private string[] ReadCommand()
    {
        var head = ReadLine();
        if (head.Length == 0 || head[0] != '*') throw new InvalidDataException("not a command: " + CommandText.Printable(head));
        var command = new string[int.Parse(head[1..], CultureInfo.InvariantCulture)];
        for (var i = 0; i < command.Length; i++)
        {
            var bytes = new byte[int.Parse(ReadLine()[1..], CultureInfo.InvariantCulture) + 2];
            _stream.ReadExactly(bytes);
            command[i] = Encoding.Latin1.GetString(bytes, 0, bytes.Length - 2);
        }

        return command;
    }

    private void SkipTo(string mark)
    {
        var last = "";
        while (last != mark)
        {
            last += (char)ReadByte();
            if (last.Length > mark.Length) last = last[1..];
        }
    }

    private string ReadLine()
    {
        var line = new StringBuilder();
        int next;
        while ((next = ReadByte()) != '\n') line.Append((char)next);
        return line.ToString().TrimEnd('\r');
    }

    private int ReadByte()
    {
        var next = _stream.ReadByte();
        return next >= 0 ? next : throw new EndOfStreamException("the master closed the connection");
    }
}
