using Starling.Node.Serving;
using Starling.Resp;

namespace Starling.Node.Commands;

/// <summary>What LMPOP, ZMPOP and their blocking forms were told: numkeys, the keys, an end, and COUNT.</summary>
internal struct PopOptions
{
    /// <summary>Position of the first key.</summary>
    public int FirstKey;

    /// <summary>Number of keys.</summary>
    public int Keys;

    /// <summary>The elements of the start are wanted: LEFT, MIN.</summary>
    public bool AtStart;

    /// <summary>The most elements, at least 1.</summary>
    public long Count;

    /// <summary>Reads the arguments from the number of keys on; otherwise the error is replied.</summary>
    /// <param name="call">The call.</param>
    /// <param name="countAt">The position of the number of keys.</param>
    /// <param name="start">The word for the start.</param>
    /// <param name="end">The word for the end.</param>
    /// <param name="options">What was read.</param>
    public static bool TryParse(
        CommandContext call, int countAt, ReadOnlySpan<byte> start, ReadOnlySpan<byte> end, out PopOptions options)
    {
        options = new PopOptions { FirstKey = countAt + 1, Count = -1 };
        if (!TryAtLeastOne(call, countAt, "ERR numkeys should be greater than 0"u8, out var keys)) return false;
        if (keys >= call.Count - countAt - 1)
        {
            call.SyntaxError();
            return false;
        }

        options.Keys = (int)keys;
        var at = options.FirstKey + options.Keys;
        options.AtStart = call.Is(at, start);
        if (!options.AtStart && !call.Is(at, end))
        {
            call.SyntaxError();
            return false;
        }

        while (++at < call.Count)
        {
            if (options.Count >= 0 || !call.Is(at, "count"u8) || at + 1 == call.Count)
            {
                call.SyntaxError();
                return false;
            }

            if (!TryAtLeastOne(call, ++at, "ERR count should be greater than 0"u8, out options.Count)) return false;
        }

        if (options.Count < 0) options.Count = 1;
        return true;
    }

    private static bool TryAtLeastOne(CommandContext call, int index, ReadOnlySpan<byte> error, out long value)
    {
        if (ArgumentParser.TryInteger(call[index], out value) && value >= 1) return true;
        call.Reply.Error(error);
        return false;
    }
}
