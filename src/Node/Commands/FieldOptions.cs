using Starling.Node.Serving;
using Starling.Resp;

namespace Starling.Node.Commands;

/// <summary>The options of HSETEX, parsed: whether to set at all, and which expiry the fields get.</summary>
internal struct FieldOptions
{
    /// <summary>FNX: only when none of the fields exists.</summary>
    public bool OnlyIfAbsent { get; private set; }

    /// <summary>FXX: only when all of the fields exist.</summary>
    public bool OnlyIfPresent { get; private set; }

    /// <summary>KEEPTTL: fields that exist keep their expiry.</summary>
    public bool KeepsExpiry { get; private set; }

    /// <summary>An expiry was given.</summary>
    public bool HasExpiry { get; private set; }

    /// <summary>The expiry in milliseconds of Unix time.</summary>
    public long ExpiresAt { get; private set; }

    /// <summary>The position of the first field; pairs of field and value follow to the end.</summary>
    public int First { get; private set; }

    /// <summary>Reads everything behind the key; false when the error is replied.</summary>
    public static bool TryParse(CommandContext call, out FieldOptions options)
    {
        options = default;
        for (var i = 2; i < call.Count; i++)
        {
            var word = call[i];
            if (ArgumentParser.Is(word, "fields"u8)) return options.TryFields(call, i);
            if (ArgumentParser.Is(word, "fnx"u8) || ArgumentParser.Is(word, "fxx"u8))
            {
                if (!options.TryCondition(call, ArgumentParser.Is(word, "fnx"u8))) return false;
            }
            else if (ArgumentParser.Is(word, "keepttl"u8))
            {
                if (!options.TryOnlyExpiry(call)) return false;
                options.KeepsExpiry = true;
            }
            else if (IsExpiry(word, out var isSeconds, out var isRelative))
            {
                if (!options.TryExpiry(call, ++i, isSeconds, isRelative)) return false;
            }
            else
            {
                call.ErrorQuoting("ERR unknown argument: "u8, word, default);
                return false;
            }
        }

        Hashes.WrongArity(call);
        return false;
    }

    /// <summary>True for EX, PX, EXAT, PXAT.</summary>
    public static bool IsExpiry(ReadOnlySpan<byte> word, out bool isSeconds, out bool isRelative)
    {
        isSeconds = ArgumentParser.Is(word, "ex"u8) || ArgumentParser.Is(word, "exat"u8);
        isRelative = ArgumentParser.Is(word, "ex"u8) || ArgumentParser.Is(word, "px"u8);
        return isSeconds || isRelative || ArgumentParser.Is(word, "pxat"u8);
    }

    private bool TryFields(CommandContext call, int index)
    {
        if (index + 3 >= call.Count)
        {
            Hashes.WrongArity(call);
            return false;
        }

        if (!call.TryInteger(index + 1, InvalidNumber, out long count)) return false;
        if (count is < 1 or > int.MaxValue)
        {
            call.Reply.Error(InvalidNumber);
            return false;
        }

        First = index + 2;
        if (call.Count - First == count * 2) return true;
        Hashes.WrongArity(call);
        return false;
    }

    private static ReadOnlySpan<byte> InvalidNumber => "ERR invalid number of fields"u8;

    private bool TryCondition(CommandContext call, bool ifAbsent)
    {
        if (OnlyIfAbsent || OnlyIfPresent)
        {
            call.Reply.Error("ERR Only one of FXX or FNX arguments can be specified"u8);
            return false;
        }

        OnlyIfAbsent = ifAbsent;
        OnlyIfPresent = !ifAbsent;
        return true;
    }

    private readonly bool TryOnlyExpiry(CommandContext call)
    {
        if (!HasExpiry && !KeepsExpiry) return true;
        call.Reply.Error("ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified"u8);
        return false;
    }

    private bool TryExpiry(CommandContext call, int index, bool isSeconds, bool isRelative)
    {
        if (!TryOnlyExpiry(call)) return false;
        if (index >= call.Count)
        {
            call.Reply.Error("ERR missing expire time"u8);
            return false;
        }

        HasExpiry = FieldExpiration.TryExpiry(call, index, isSeconds, isRelative, out var expiresAt);
        ExpiresAt = expiresAt;
        return HasExpiry;
    }
}
