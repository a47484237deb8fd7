using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Starling.Node.Tests.Replication;

/// <summary>A master played by the test: it takes one replica at a time and says what it is told to.</summary>
internal sealed class FakeMaster : IDisposable
{
    public const string Id = "0123456789abcdef0123456789abcdef01234567";

    /// <summary>An RDB file without keys and without a checksum.</summary>
    public static readonly byte[] EmptyRdb = [.. "REDIS0010"u8, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0];

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private Socket? _replica;
    private byte[] _received = [];

    public FakeMaster() => _listener.Start();

    public string Port => ((IPEndPoint)_listener.LocalEndpoint).Port.ToString(System.Globalization.CultureInfo.InvariantCulture);

    public Socket Replica => _replica!;

    /// <summary>Takes the next connection and answers its greetings; returns the arguments of its PSYNC.</summary>
    public string[] Accept()
    {
        // The former one goes afterwards: a reset would overtake what it has been sent.
        var former = _replica;
        _replica = _listener.AcceptSocket();
        former?.Dispose();
        _received = [];
        _replica.NoDelay = true;
        _replica.ReceiveTimeout = 60_000;
        while (true)
        {
            var command = Read();
            switch (command[0].ToUpperInvariant())
            {
                case "PING":
                    Send("+PONG\r\n"u8);
                    break;
                case "REPLCONF":
                    Send("+OK\r\n"u8);
                    break;
                case "PSYNC":
                    return command;
                default:
                    throw new InvalidOperationException(string.Join(' ', command));
            }
        }
    }

    public void FullSync(long offset)
    {
        Send(Encoding.ASCII.GetBytes(FormattableString.Invariant($"+FULLRESYNC {Id} {offset}\r\n${EmptyRdb.Length}\r\n")));
        Send(EmptyRdb);
    }

    public void Send(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0) bytes = bytes[_replica!.Send(bytes)..];
    }

    /// <summary>Waits until the replica acknowledges an offset.</summary>
    public void WaitForAck(long offset)
    {
        while (true)
        {
            var command = Read();
            if (command.Length == 3 && command[1] == "ACK"
                && long.Parse(command[2], System.Globalization.CultureInfo.InvariantCulture) == offset) return;
        }
    }

    public string[] Read()
    {
        while (true)
        {
            if (TryParse(out var command)) return command;
            var buffer = new byte[4096];
            var count = _replica!.Receive(buffer);
            if (count == 0) throw new IOException("the replica closed the connection");
            _received = [.. _received, .. buffer[..count]];
        }
    }

    public void Dispose()
    {
        _replica?.Dispose();
        _listener.Dispose();
    }

    private bool TryParse(out string[] command)
    {
        command = [];
        var text = Encoding.Latin1.GetString(_received);
        if (text.StartsWith('\n'))
        {
            _received = _received[1..];
            return TryParse(out command);
        }

        var lines = text.Split("\r\n");
        if (lines.Length < 2 || !lines[0].StartsWith('*')) return false;
        var count = int.Parse(lines[0][1..], System.Globalization.CultureInfo.InvariantCulture);
        if (lines.Length < (count * 2) + 2) return false;
        command = Enumerable.Range(0, count).Select(i => lines[2 + (i * 2)]).ToArray();
        _received = _received[(lines.Take(1 + (count * 2)).Sum(line => line.Length + 2))..];
        return true;
    }
}
