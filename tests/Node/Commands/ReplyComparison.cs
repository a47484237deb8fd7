using System.Globalization;

namespace Starling.Node.Tests.Commands;

/// <summary>What counts as the same reply of two servers that run side by side.</summary>
internal static class ReplyComparison
{
    private const long ClockToleranceMilliseconds = 30_000;

    public static bool AreEqual(string[] command, RawReply expected, RawReply actual)
    {
        switch (command[0].ToUpperInvariant())
        {
            // Times to live depend on when each server got its command.
            case "TTL" or "EXPIRETIME": return AreNear(expected, actual, ClockToleranceMilliseconds / 1000);
            case "PTTL" or "PEXPIRETIME": return AreNear(expected, actual, ClockToleranceMilliseconds);

            // For how long an entry has been idle.
            case "XPENDING" when expected.Type == '*' && command.Length > 3: return AreEqual(WithoutTime(expected), WithoutTime(actual));

            // Whose server it is.
            case "HELLO": return expected.Type == actual.Type;

            // Which key, and in which order, is anybody's choice.
            case "RANDOMKEY": return expected.Type == actual.Type && expected.Text is null == actual.Text is null;
            case "HGETALL": return AreEqual(Pairs(expected), Pairs(actual));
            case "HRANDFIELD" when expected.Type == '$': return actual.Type == '$' && expected.Text is null == actual.Text is null;
            case "HRANDFIELD" when expected.Type == '*': return actual.Type == '*' && expected.Items.Count == actual.Items.Count;
            case "KEYS" or "HKEYS" or "HVALS" or "SMEMBERS" or "SINTER" or "SUNION" or "SDIFF" or "SPOP":
                return AreEqual(expected.Sorted(), actual.Sorted());
            case "SRANDMEMBER" when expected.Type != '-':
                return expected.Type == actual.Type && expected.Text is null == actual.Text is null && expected.Items.Count == actual.Items.Count;
            case "ZRANDMEMBER" when expected.Type is '$' or '*':
                return expected.Type == actual.Type && expected.Text is null == actual.Text is null && expected.Items.Count == actual.Items.Count;
            case "SCAN" or "SSCAN" or "HSCAN" or "ZSCAN" when expected.Type == '*' && actual.Type == '*':
                return AreEqual(expected.Items[0], actual.Items[0]) && AreEqual(expected.Items[1].Sorted(), actual.Items[1].Sorted());

            // COPY gives a shared integer an object of its own in redis-server; here no object is shared, the count is
            // told as if.
            case "OBJECT" when IsReferenceCount(command):
                return expected.Type == actual.Type && (expected.Text == actual.Text || expected.Text == "1");

            // In which order those come that are equally far away.
            case "GEORADIUS" or "GEORADIUS_RO" or "GEORADIUSBYMEMBER" or "GEORADIUSBYMEMBER_RO" or "GEOSEARCH":
                return AreEqual(expected, actual) || (AreEqual(WithoutMembers(expected), WithoutMembers(actual)) && AreEqual(InOrder(expected), InOrder(actual)));

            // Small lists are listpacks since Redis 7.2.
            case "OBJECT" when expected is { Type: '$', Text: "quicklist" }: return actual is { Type: '$', Text: "quicklist" or "listpack" };

            // Since Redis 7.2 arguments are looked at before the key.
            case "BITCOUNT" or "BITPOS" when actual.Type == '-':
                return expected.Type == '-' || expected is { Type: ':', Number: 0 or -1 };
            default: return AreEqual(expected, actual);
        }
    }

    /// <summary>As two replies to EXEC are: each reply in it by the rule of its command.</summary>
    /// <param name="queued">The commands of the transaction.</param>
    /// <param name="expected">What redis-server replies.</param>
    /// <param name="actual">What this server replies.</param>
    public static bool AreEqual(IReadOnlyList<string[]> queued, RawReply expected, RawReply actual)
    {
        if (expected.Type != '*' || expected.Items.Count != queued.Count) return AreEqual(expected, actual);
        if (actual.Type != '*' || actual.Items.Count != queued.Count) return false;
        for (var i = 0; i < queued.Count; i++)
            if (!AreEqual(queued[i], expected.Items[i], actual.Items[i]) && !IsQueuedObject(queued[i], expected.Items[i], actual.Items[i])) return false;

        return true;
    }

    private static bool IsReferenceCount(string[] command) =>
        command.Length > 1 && command[0].Equals("object", StringComparison.OrdinalIgnoreCase)
        && command[1].Equals("refcount", StringComparison.OrdinalIgnoreCase);

    /// <summary>In redis-server what a transaction has set is an argument of the queued command too, until EXEC has ended.</summary>
    private static bool IsQueuedObject(string[] command, RawReply expected, RawReply actual) =>
        IsReferenceCount(command) && expected is { Type: ':', Number: 2 } && actual is { Type: ':', Number: 1 };

    private static RawReply WithoutTime(RawReply pending) => pending with
    {
        Items = [.. pending.Items.Select(entry => entry.Items.Count == 4
            ? entry with { Items = [entry.Items[0], entry.Items[1], entry.Items[3]] }
            : entry)],
    };

    /// <summary>What is told of members (distances, hashes, positions) without their names, which alone stay as they are.</summary>
    private static RawReply WithoutMembers(RawReply found) => found with
    {
        Items = [.. found.Items.Select(item => item.Type == '*' && item.Items.Count > 1 ? item with { Items = [.. item.Items.Skip(1)] } : item)],
    };

    private static RawReply InOrder(RawReply found) =>
        found with { Items = [.. found.Items.OrderBy(item => item.ToString(), StringComparer.Ordinal)] };

    /// <summary>Fields with their values in a fixed order.</summary>
    private static RawReply Pairs(RawReply reply) => reply with
    {
        Items = [.. reply.Items.Chunk(2).OrderBy(x => x[0].Text, StringComparer.Ordinal).SelectMany(x => x)],
    };

    private static bool AreNear(RawReply expected, RawReply actual, long tolerance)
    {
        if (expected.Type != ':' || actual.Type != ':') return AreEqual(expected, actual);
        if (expected.Number <= 0) return expected.Number == actual.Number || IsOverflow(expected.Number);
        return actual.Number > 0 && Int128.Abs((Int128)expected.Number - actual.Number) <= tolerance;
    }

    /// <summary>redis-server's rounding to seconds overflows for expiries at the end of time.</summary>
    private static bool IsOverflow(long seconds) => seconds < -2;

    private static bool AreEqual(RawReply expected, RawReply actual)
    {
        if (expected.Type != actual.Type || expected.Text != actual.Text || expected.Items.Count != actual.Items.Count) return false;
        for (var i = 0; i < expected.Items.Count; i++)
            if (!AreEqual(expected.Items[i], actual.Items[i])) return false;

        return true;
    }

    /// <summary>A description of a difference, with the commands that led to it.</summary>
    public static string Describe(int seed, IReadOnlyList<string[]> history, int index, RawReply expected, RawReply actual)
    {
        var command = history[index];
        var related = Enumerable.Range(0, index)
            .Where(i => command.Length == 1 || history[i].Skip(1).Any(a => a.Length > 0 && command.Skip(1).Contains(a)) || history[i][0] is "SELECT" or "SWAPDB")
            .TakeLast(25)
            .Select(i => string.Create(CultureInfo.InvariantCulture, $"  {i}: {CommandText.Printable(history[i])}"));
        return string.Create(CultureInfo.InvariantCulture, $"""
            seed {seed}, command {index}: {CommandText.Printable(command)}
              redis-server: {expected}
              starling:     {actual}
            after
            {string.Join('\n', related)}
            """);
    }
}
