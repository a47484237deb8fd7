using System.Globalization;
using System.Net.Sockets;

namespace Starling.Tests.Support;

/// <summary>
/// A writer that makes keys of one shard of a cluster, each once and in order, and makes an unacknowledged one again
/// until it is acknowledged, wherever the shard's master is by then. So every key below <see cref="Acknowledged"/> has
/// to be there for ever: unlike a key that is written again and again, none hides the loss of an earlier write.
/// </summary>
public sealed class OnceLoad : IDisposable
{
    private const int Tags = 64;
    private const int Batch = 500;

    private readonly int _writer;
    private readonly int _pipeline;
    private readonly int[] _ports;
    private readonly string[] _tags;
    private readonly Thread _thread;
    private long _acknowledged;
    private volatile bool _stop;
    private volatile bool _isFast;
    private volatile string? _failure;

    /// <summary>Starts the writer.</summary>
    /// <param name="writer">A number of its own, which is in its keys.</param>
    /// <param name="ports">The nodes that are or may become the shard's master.</param>
    /// <param name="slots">The shard's slots.</param>
    /// <param name="pipeline">Commands in flight.</param>
    public OnceLoad(int writer, IEnumerable<int> ports, Range slots, int pipeline)
    {
        _writer = writer;
        _ports = [.. ports];
        _pipeline = pipeline;
        _tags = [.. TagsOf(slots).Take(Tags)];
        _thread = new Thread(Run) { IsBackground = true };
        _thread.Start();
    }

    /// <summary>Writes acknowledged so far.</summary>
    public long Acknowledged => Volatile.Read(ref _acknowledged);

    /// <summary>
    /// Writes as fast as it can; otherwise it rests for a moment after each pipeline, so that a long run does not end
    /// with more keys than there is memory.
    /// </summary>
    public bool IsFast
    {
        get => _isFast;
        set => _isFast = value;
    }

    /// <summary>Why the writer gave up: a reply that no failover explains. Null when it did not.</summary>
    public string? Failure => _failure;

    /// <summary>Stops the writer and waits for it.</summary>
    public void Stop()
    {
        _stop = true;
        _thread.Join();
    }

    /// <summary>The acknowledged keys that a node, the shard's master, does not have. After <see cref="Stop"/>.</summary>
    public IReadOnlyList<string> Lost(ServerProcess master)
    {
        var lost = new List<string>();
        using var client = master.Connect();
        for (var first = 0L; first < _acknowledged; first += Batch)
        {
            var count = (int)Math.Min(Batch, _acknowledged - first);
            for (var i = 0; i < count; i++) client.Send("EXISTS", Key(first + i));
            for (var i = 0; i < count; i++)
                if (client.Read() is not 1L) lost.Add(Key(first + i));
        }

        return lost;
    }

    /// <inheritdoc/>
    public void Dispose() => Stop();

    /// <summary>Texts in braces that put a key into one of the slots.</summary>
    private static IEnumerable<string> TagsOf(Range slots)
    {
        for (var number = 0; ; number++)
        {
            var tag = string.Create(CultureInfo.InvariantCulture, $"{{{number:x}}}");
            var slot = SlotOf(tag[1..^1]);
            if (slot >= slots.Start.Value && slot < slots.End.Value) yield return tag;
        }
    }

    /// <summary>CRC-16/XMODEM modulo the number of slots.</summary>
    private static int SlotOf(string text)
    {
        var crc = 0;
        foreach (var character in text)
        {
            crc ^= character << 8;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 0x8000) != 0 ? ((crc << 1) ^ 0x1021) & 0xFFFF : crc << 1;
        }

        return crc % 16384;
    }

    private string Key(long number) =>
        string.Create(CultureInfo.InvariantCulture, $"{_tags[number % _tags.Length]}:{_writer}:{number}");

    /// <summary>Commands of several kinds, any of which makes the key, and may be repeated.</summary>
    private byte[] Command(long number) => (number % 4) switch
    {
        0 => RespConnection.Encode("SET", Key(number), "1"),
        1 => RespConnection.Encode("RPUSH", Key(number), "1"),
        2 => RespConnection.Encode("INCR", Key(number)),
        _ => RespConnection.Encode("MSET", Key(number), "1", Key(number) + ":too", "1"),
    };

    private void Run()
    {
        for (var attempt = 0; !_stop && _failure is null; attempt++)
        {
            try
            {
                using var client = new RespConnection(_ports[attempt % _ports.Length], timeoutMilliseconds: 5000);
                while (!_stop && TryWriteSome(client))
                    if (!_isFast) Thread.Sleep(5);
            }
            catch (Exception exception) when (exception is IOException or SocketException)
            {
                // The node was killed, or it stands still and another one may be the master by now.
            }

            Thread.Sleep(20);
        }
    }

    /// <summary>Writes a pipeline; false when the node is not the one to ask, at the moment.</summary>
    private bool TryWriteSome(RespConnection client)
    {
        var first = _acknowledged;
        using var batch = new MemoryStream();
        for (var i = 0; i < _pipeline; i++) batch.Write(Command(first + i));
        client.SendRaw(batch.ToArray());
        for (var i = 0; i < _pipeline; i++)
        {
            if (client.Read() is RespError error)
            {
                if (!IsOfFailover(error.Text)) _failure = error.Text;
                return false;
            }

            Volatile.Write(ref _acknowledged, first + i + 1);
        }

        return true;
    }

    private static bool IsOfFailover(string error) =>
        error.Split(' ')[0] is "MOVED" or "CLUSTERDOWN" or "LOADING" or "MASTERDOWN" or "READONLY";
}
