using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Starling.Node;
using Starling.Node.Config;
using Starling.Node.Serving;
using Starling.Resp;

namespace Starling.Fuzzer;

/// <summary>
/// A node that is never started: no socket and no thread, commands go to its executor at once, and its clock stands still,
/// so that the same input does the same again.
/// </summary>
internal sealed class FuzzedNode
{
    private static readonly DateTimeOffset Moment = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private readonly PseudoClient _client;
    private readonly long _emptyBytes;

    public FuzzedNode()
    {
        var config = new ServerConfig { EnableDebugCommand = "yes" };
        Server = new NodeServer(config, NullLoggerFactory.Instance, new StoppedClock());
        _client = Server.Executor.NewClient(ClientOrigin.Client);
        Call(Command("SET", "warm", "x"));
        Empty();
        _emptyBytes = Server.Keyspace.UsedBytes;
    }

    /// <summary>The node.</summary>
    public NodeServer Server { get; }

    /// <summary>A command that can be called again and again.</summary>
    public static ArgumentList Command(params string[] words) => Command(words.Select(word => Encoding.Latin1.GetBytes(word)).ToArray());

    /// <summary>A command that can be called again and again.</summary>
    public static ArgumentList Command(params byte[][] words)
    {
        var list = new ArgumentList();
        var bytes = new byte[words.Sum(word => word.Length)];
        list.Reset(bytes);
        var at = 0;
        foreach (var word in words)
        {
            word.CopyTo(bytes, at);
            list.Add(at, word.Length);
            at += word.Length;
        }

        return list;
    }

    /// <summary>Calls a command; the reply is RESP2. An error that tells of an inner fault is a finding.</summary>
    public byte[] Call(ArgumentList command)
    {
        _client.Execute(command);
        var reply = _client.Reply.ToArray();
        if (reply.Length > 0 && reply[0] == '-' && reply.AsSpan().IndexOf("internal"u8) >= 0)
            throw new FuzzFinding($"{Encoding.Latin1.GetString(command[0])}: {Encoding.Latin1.GetString(reply)}");
        return reply;
    }

    /// <summary>The bytes of a reply that is a bulk string; null when it is none.</summary>
    public static byte[]? Bulk(byte[] reply)
    {
        if (reply.Length < 4 || reply[0] != '$' || reply[1] == '-') return null;
        var start = reply.AsSpan().IndexOf((byte)'\n') + 1;
        return reply[start..^2];
    }

    /// <summary>Empties the node.</summary>
    /// <exception cref="FuzzFinding">Native memory is still in use.</exception>
    public void CheckNothingIsLeft()
    {
        Empty();
        var left = Server.Keyspace.UsedBytes - _emptyBytes;
        if (left != 0) throw new FuzzFinding(string.Create(CultureInfo.InvariantCulture, $"{left} native bytes are left after FLUSHALL"));
    }

    private void Empty()
    {
        Call(Command("FLUSHALL", "SYNC"));
        Server.Freeing.FreeAll();
    }

    private sealed class StoppedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Moment;
    }
}
