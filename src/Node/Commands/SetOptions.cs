using Starling.Node.Serving;
using Starling.Resp;

namespace Starling.Node.Commands;

/// <summary>The options of SET and GETEX, parsed.</summary>
internal struct SetOptions
{
    /// <summary>Where an expiry comes from, if any.</summary>
    internal enum ExpirySource
    {
        /// <summary>No expiry was given.</summary>
        None,

        /// <summary>EX: seconds from now.</summary>
        Seconds,

        /// <summary>PX: milliseconds from now.</summary>
        Milliseconds,

        /// <summary>EXAT: seconds of Unix time.</summary>
        SecondsAt,

        /// <summary>PXAT: milliseconds of Unix time.</summary>
        MillisecondsAt,

        /// <summary>KEEPTTL: the expiry that the key has.</summary>
        Keep,

        /// <summary>PERSIST: none from now on.</summary>
        Persist,
    }

    /// <summary>NX: only when the key does not exist.</summary>
    public bool OnlyIfAbsent { get; private set; }

    /// <summary>XX: only when the key exists.</summary>
    public bool OnlyIfPresent { get; private set; }

    /// <summary>IFEQ and its like: only when the string that is there fulfils it.</summary>
    public StringCondition Condition { get; private set; }

    /// <summary>GET: answer the old value.</summary>
    public bool ReturnOld { get; private set; }

    /// <summary>Which expiry was given.</summary>
    public ExpirySource Expiry { get; private set; }

    /// <summary>Position of the argument with the expiry's number; 0 when there is none.</summary>
    public int ExpiryAt { get; private set; }

    /// <summary>True when an expiry with a number was given.</summary>
    public readonly bool HasExpiry => ExpiryAt != 0;

    /// <summary>True when what SET does depends on the value or expiry that is there.</summary>
    public readonly bool LooksAtOld => OnlyIfAbsent || OnlyIfPresent || Condition.IsGiven || Expiry == ExpirySource.Keep;

    /// <summary>True for EXAT and PXAT.</summary>
    public readonly bool IsAbsolute => Expiry is ExpirySource.SecondsAt or ExpirySource.MillisecondsAt;

    /// <summary>
    /// Reads SET's options from the fourth argument on. False: a syntax error, the reply is not written yet.
    /// </summary>
    public static bool TryParseSet(CommandContext call, out SetOptions options)
    {
        options = default;
        for (var i = 3; i < call.Count; i++)
        {
            var word = call[i];
            if (options.TryParsePresence(word)) continue;
            if (!options.OnlyIfAbsent && !options.OnlyIfPresent && StringCondition.TryParse(call, i, out var condition)
                && (!options.Condition.IsGiven || options.Condition.IsOfKind(condition))) (options.Condition, i) = (condition, i + 1);
            else if (ArgumentParser.Is(word, "get"u8)) options.ReturnOld = true;
            else if (ArgumentParser.Is(word, "keepttl"u8) && options.Accepts(ExpirySource.Keep))
                options.Expiry = ExpirySource.Keep;
            else if (!options.TryParseExpiry(call, word, ref i)) return false;
        }

        return true;
    }

    /// <summary>
    /// Reads MSETEX's options from the argument behind the last value on. False: a syntax error, the reply is not written yet.
    /// </summary>
    public static bool TryParseMSetEx(CommandContext call, int from, out SetOptions options)
    {
        options = default;
        for (var i = from; i < call.Count; i++)
        {
            var word = call[i];
            if (options.TryParsePresence(word)) continue;
            if (ArgumentParser.Is(word, "keepttl"u8) && options.Accepts(ExpirySource.Keep)) options.Expiry = ExpirySource.Keep;
            else if (!options.TryParseExpiry(call, word, ref i)) return false;
        }

        return true;
    }

    /// <summary>
    /// Reads GETEX's options from the third argument on. False: a syntax error, the reply is not written yet.
    /// </summary>
    public static bool TryParseGetEx(CommandContext call, out SetOptions options)
    {
        options = default;
        for (var i = 2; i < call.Count; i++)
        {
            var word = call[i];
            if (ArgumentParser.Is(word, "persist"u8) && options.Accepts(ExpirySource.Persist))
                options.Expiry = ExpirySource.Persist;
            else if (!options.TryParseExpiry(call, word, ref i))
                return false;
        }

        return true;
    }

    /// <summary>
    /// The expiry as milliseconds of Unix time, or the error reply. Redis refuses what is not positive, before and
    /// after the addition of the present.
    /// </summary>
    public static bool TryExpiry(CommandContext call, int index, ExpirySource source, out long expiresAt)
    {
        if (!call.TryInteger(index, out expiresAt)) return false;
        var isSeconds = source is ExpirySource.Seconds or ExpirySource.SecondsAt;
        if (expiresAt <= 0 || (isSeconds && expiresAt > long.MaxValue / 1000))
        {
            call.InvalidExpireTime();
            return false;
        }

        if (isSeconds) expiresAt *= 1000;
        if (source is ExpirySource.Seconds or ExpirySource.Milliseconds) expiresAt = unchecked(expiresAt + call.Now);
        if (expiresAt > 0) return true;
        call.InvalidExpireTime();
        return false;
    }

    /// <summary>NX or XX, one of them only, and not beside another condition.</summary>
    private bool TryParsePresence(ReadOnlySpan<byte> word)
    {
        if (Condition.IsGiven) return false;
        if (ArgumentParser.Is(word, "nx"u8) && !OnlyIfPresent) OnlyIfAbsent = true;
        else if (ArgumentParser.Is(word, "xx"u8) && !OnlyIfAbsent) OnlyIfPresent = true;
        else return false;
        return true;
    }

    private bool TryParseExpiry(CommandContext call, ReadOnlySpan<byte> word, ref int index)
    {
        if (index + 1 == call.Count) return false;
        ExpirySource source;
        if (ArgumentParser.Is(word, "ex"u8)) source = ExpirySource.Seconds;
        else if (ArgumentParser.Is(word, "px"u8)) source = ExpirySource.Milliseconds;
        else if (ArgumentParser.Is(word, "exat"u8)) source = ExpirySource.SecondsAt;
        else if (ArgumentParser.Is(word, "pxat"u8)) source = ExpirySource.MillisecondsAt;
        else return false;
        if (!Accepts(source)) return false;
        Expiry = source;
        ExpiryAt = ++index;
        return true;
    }

    /// <summary>One kind of expiry only; the same one again is accepted and the last counts, as in Redis.</summary>
    private readonly bool Accepts(ExpirySource source) => Expiry == ExpirySource.None || Expiry == source;
}
