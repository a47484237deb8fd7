using System.Text;
using Starling.Node.Serving;
using Starling.Resp;

namespace Starling.Node.Commands;

/// <summary>
/// What handlers of every family do with arguments: read them, or reply with Redis's error when they do not parse.
/// </summary>
public static class CommandArguments
{
    /// <summary>True when an argument is the word, in either case.</summary>
    public static bool Is(this CommandContext call, int index, ReadOnlySpan<byte> word) =>
        ArgumentParser.Is(call[index], word);

    /// <summary>Reads a 64-bit integer, or replies that it is not one.</summary>
    public static bool TryInteger(this CommandContext call, int index, out long value)
    {
        if (ArgumentParser.TryInteger(call[index], out value)) return true;
        call.Reply.Error(ErrorReplies.NotAnInteger);
        return false;
    }

    /// <summary>Reads a 64-bit integer, or replies with the given error.</summary>
    public static bool TryInteger(this CommandContext call, int index, ReadOnlySpan<byte> error, out long value)
    {
        if (ArgumentParser.TryInteger(call[index], out value)) return true;
        call.Reply.Error(error);
        return false;
    }

    /// <summary>
    /// Reads a 32-bit integer as Redis's <c>getIntFromObject</c> does: not an integer at all, or out of the range of 32
    /// bits, are two different errors.
    /// </summary>
    public static bool TryInteger(this CommandContext call, int index, out int value)
    {
        value = 0;
        if (!call.TryInteger(index, out long wide)) return false;
        if (wide is < int.MinValue or > int.MaxValue)
        {
            call.Reply.Error("ERR value is out of range, value must between -2147483648 and 2147483647"u8);
            return false;
        }

        value = (int)wide;
        return true;
    }

    /// <summary>Reads an integer that is not negative, or replies that it must be positive.</summary>
    public static bool TryPositive(this CommandContext call, int index, out long value)
    {
        if (ArgumentParser.TryInteger(call[index], out value) && value >= 0) return true;
        call.Reply.Error("ERR value is out of range, must be positive"u8);
        return false;
    }

    /// <summary>Reads the number of a database, or replies with the error.</summary>
    public static bool TryDatabase(this CommandContext call, int index, out int database)
    {
        if (!call.TryInteger(index, out database)) return false;
        if (database >= 0 && database < call.Keyspace.DatabaseCount) return true;
        call.Reply.Error(ErrorReplies.DatabaseOutOfRange);
        return false;
    }

    /// <summary>Replies that the options do not parse.</summary>
    public static void SyntaxError(this CommandContext call) => call.Reply.Error(ErrorReplies.Syntax);

    /// <summary>Replies OK.</summary>
    public static void Ok(this CommandContext call) => call.Reply.Simple("OK"u8);

    /// <summary>Replies that the expiry given to this command is impossible.</summary>
    public static void InvalidExpireTime(this CommandContext call) =>
        call.Reply.Error(Encoding.UTF8.GetBytes($"ERR invalid expire time in '{call.Command.FullName}' command"));

    /// <summary>
    /// Replies with an error that quotes an argument as C's <c>%s</c> would: up to its first zero byte.
    /// </summary>
    /// <param name="call">The call.</param>
    /// <param name="before">What goes before the quotation, the error code first.</param>
    /// <param name="argument">The argument quoted.</param>
    /// <param name="after">What goes behind.</param>
    public static void ErrorQuoting(
        this CommandContext call, ReadOnlySpan<byte> before, ReadOnlySpan<byte> argument, ReadOnlySpan<byte> after)
    {
        var end = argument.IndexOf((byte)0);
        if (end >= 0) argument = argument[..end];
        call.Reply.Error([.. before, .. argument, .. after]);
    }

    /// <summary>
    /// True when a point in time is past and this node acts on it at once: a replica, and a data set that is being
    /// loaded, keep what is logically expired until the master's DEL.
    /// </summary>
    public static bool IsPastForMaster(this CommandContext call, long expiresAt) =>
        expiresAt <= call.Now && !call.Node.Replication.IsReplica && !call.Node.Persistence.IsLoading;
}
