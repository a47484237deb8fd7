using System.Globalization;
using System.Text;

namespace Starling.Node.Tests.Replication;

/// <summary>
/// A replica played by the test: it asks for a full synchronisation, throws the snapshot away and counts the stream's
/// bytes.
/// </summary>
internal sealed class PlayedReplica : IDisposable
{
    private readonly SyncClient _client;
    private readonly bool _takesStreams;

    /// <summary>Connects.</summary>
    /// <param name="port">The master's port.</param>
    /// <param name="takesStreams">Says that it understands snapshots that end with a mark.</param>
    public PlayedReplica(int port, bool takesStreams)
    {
        _client = new SyncClient(port);
        _takesStreams = takesStreams;
        if (takesStreams) _client.Command("REPLCONF", "capa", "eof", "capa", "psync2");
    }

    /// <summary>The replication id that the master named.</summary>
    public string Id { get; private set; } = "";

    /// <summary>The offset that the master named, and the bytes of the stream read since.</summary>
    public long Offset { get; private set; }

    /// <summary>Sends PSYNC.</summary>
    public void Ask() => _client.Send("PSYNC", "?", "-1");

    /// <summary>Reads the answer and the snapshot.</summary>
    public void Synchronize()
    {
        var words = ReadLine().Split(' ');
        Assert.Equal("+FULLRESYNC", words[0]);
        Id = words[1];
        Offset = long.Parse(words[2], CultureInfo.InvariantCulture);
        var head = ReadLine();
        if (!head.StartsWith("$EOF:", StringComparison.Ordinal))
        {
            _client.ReceiveRaw(int.Parse(head[1..], CultureInfo.InvariantCulture));
            return;
        }

        Assert.True(_takesStreams);
        var mark = head[5..];
        var tail = Encoding.Latin1.GetString(_client.ReceiveRaw(mark.Length));
        while (tail != mark) tail = tail[1..] + (char)_client.ReceiveRaw(1)[0];
    }

    /// <summary>Acknowledges what it has.</summary>
    public void Acknowledge() => _client.Send("REPLCONF", "ACK", Offset.ToString(CultureInfo.InvariantCulture));

    /// <summary>Reads the stream up to the command with this argument, and that.</summary>
    public List<string[]> ReadTo(string marker)
    {
        var commands = new List<string[]>();
        while (true)
        {
            var command = _client.Receive().Elements.Select(element => element.Text!).ToArray();
            Offset += SyncClient.Encode(command).Length;
            commands.Add(command);
            if (command.Contains(marker)) return commands;
        }
    }

    public void Dispose() => _client.Dispose();

    private string ReadLine()
    {
        string line;
        do line = _client.ReceiveLine();
        while (line.Length == 0);
        return line;
    }
}
