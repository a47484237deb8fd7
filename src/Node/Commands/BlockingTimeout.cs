using System.Buffers.Text;
using Starling.Node.Serving;
using Starling.Resp;

namespace Starling.Node.Commands;

/// <summary>The timeout of blocking commands: seconds, with a fraction if need be; 0 for ever.</summary>
internal static class BlockingTimeout
{
    private const long MillisecondsPerSecond = 1000;

    /// <summary>Reads a timeout; otherwise the error is replied.</summary>
    /// <param name="call">The call.</param>
    /// <param name="index">Position of the argument.</param>
    /// <param name="deadline">Milliseconds of Unix time; 0 for never.</param>
    public static bool TryRead(CommandContext call, int index, out long deadline)
    {
        deadline = 0;
        if (!TryMilliseconds(call[index], out var timeout))
        {
            call.Reply.Error("ERR timeout is not a float or out of range"u8);
            return false;
        }

        if (timeout < 0)
        {
            call.Reply.Error("ERR timeout is negative"u8);
            return false;
        }

        if (timeout > long.MaxValue - call.Now)
        {
            call.Reply.Error("ERR timeout is out of range"u8);
            return false;
        }

        if (timeout > 0) deadline = call.Now + (long)timeout;
        return true;
    }

    /// <summary>The milliseconds, rounded up; more than 64 bits hold where the seconds are too many.</summary>
    private static bool TryMilliseconds(ReadOnlySpan<byte> text, out Int128 milliseconds)
    {
        if (ArgumentParser.TryInteger(text, out long seconds))
        {
            milliseconds = (Int128)seconds * MillisecondsPerSecond;
            return true;
        }

        milliseconds = 0;
        if (!ExtendedFloat.TryParse(text, out var fraction)) return false;
        if (!fraction.IsFinite)
        {
            milliseconds = text[0] == '-' ? -1 : Int128.MaxValue;
            return true;
        }

        if (!Utf8Parser.TryParse(fraction.ToHumanText(), out double number, out _)) return false;
        var product = Math.Ceiling(number * MillisecondsPerSecond);
        milliseconds = product >= long.MaxValue ? Int128.MaxValue : (Int128)product;
        return true;
    }
}
