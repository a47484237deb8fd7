using System.Globalization;
using System.Text;
using Starling.Node.Config;
using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots;

namespace Starling.Node.Telemetry;

/// <summary>The latest slow commands (SLOWLOG). Any thread.</summary>
internal sealed class SlowLog(ServerConfig config)
{
    private const int MostArguments = 32;
    private const int LongestArgument = 128;

    private readonly RankedLock _lock = new(LockRank.Leaf, nameof(SlowLog)); // guards the two below
    private readonly Queue<SlowLogEntry> _entries = new();
    private long _nextId;

    /// <summary>Number of entries.</summary>
    public int Count
    {
        get
        {
            using (_lock.Enter()) return _entries.Count;
        }
    }

    /// <summary>The latest entries, newest first.</summary>
    /// <param name="count">How many at most; -1 for all.</param>
    public SlowLogEntry[] Latest(long count)
    {
        SlowLogEntry[] all;
        using (_lock.Enter()) all = [.. _entries];
        Array.Reverse(all);
        return count < 0 || count >= all.Length ? all : all[..(int)count];
    }

    /// <summary>Drops every entry. Numbers go on.</summary>
    public void Clear()
    {
        using (_lock.Enter()) _entries.Clear();
    }

    /// <summary>Adds a command; the oldest ones go beyond slowlog-max-len.</summary>
    /// <param name="session">Its client.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="now">The time, in milliseconds of Unix time.</param>
    /// <param name="microseconds">How long it took.</param>
    public void Add(NodeSession session, ArgumentList arguments, long now, long microseconds)
    {
        var shown = Shown(arguments, session.Hidden);
        var address = session.Connection?.RemoteAddress ?? "?:0";
        using (_lock.Enter())
        {
            _entries.Enqueue(new SlowLogEntry(_nextId++, now / 1000, microseconds, shown, address, session.Name));
            while (_entries.Count > config.SlowLogMaxLength) _entries.Dequeue();
        }
    }

    private static byte[][] Shown(ArgumentList arguments, HiddenArguments hidden)
    {
        var shown = new byte[Math.Min(arguments.Count, MostArguments)][];
        for (var i = 0; i < shown.Length; i++)
        {
            if (i == MostArguments - 1 && arguments.Count > MostArguments)
                shown[i] = Ascii($"... ({arguments.Count - MostArguments + 1} more arguments)");
            else if (hidden.Contains(i)) shown[i] = HiddenArguments.Text.ToArray();
            else if (arguments[i] is { Length: > LongestArgument } text)
                shown[i] = [.. text[..LongestArgument], .. Ascii($"... ({text.Length - LongestArgument} more bytes)")];
            else shown[i] = arguments[i].ToArray();
        }

        return shown;
    }

    private static byte[] Ascii(FormattableString text) => Encoding.ASCII.GetBytes(text.ToString(CultureInfo.InvariantCulture));
}
