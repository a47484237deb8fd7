using System.Text;
using Starling.Node.Serving;
using Starling.Resp;

namespace Starling.Node.Commands;

/// <summary>The options of XREAD and XREADGROUP.</summary>
internal struct StreamReadOptions
{
    /// <summary>The most entries of each stream; 0 for all.</summary>
    public long Count;

    /// <summary>Waits when there is nothing.</summary>
    public bool Blocks;

    /// <summary>Until when, in milliseconds of Unix time; 0 for ever.</summary>
    public long Deadline;

    /// <summary>Position of the group's name; 0 for none.</summary>
    public int GroupAt;

    /// <summary>What is delivered does not become pending.</summary>
    public bool NoAck;

    /// <summary>Position of the first key.</summary>
    public int FirstKey;

    /// <summary>Number of keys; as many ids follow them.</summary>
    public int Keys;

    /// <summary>Reads the options, or replies with the error.</summary>
    public static bool TryRead(CommandContext call, bool isGroup, out StreamReadOptions options)
    {
        options = default;
        for (var at = 1; at < call.Count && options.FirstKey == 0; at++)
        {
            var more = call.Count - at - 1;
            bool isRead;
            if (call.Is(at, "block"u8) && more > 0) isRead = options.TryBlock(call, ++at);
            else if (call.Is(at, "count"u8) && more > 0) isRead = options.TryCount(call, ++at);
            else if (call.Is(at, "streams"u8) && more > 0) isRead = options.TryStreams(call, at + 1, isGroup);
            else if (call.Is(at, "group"u8) && more > 1) isRead = options.TryGroup(call, ref at, isGroup);
            else if (call.Is(at, "noack"u8)) isRead = options.TryNoAck(call, isGroup);
            else isRead = RefuseSyntax(call);
            if (!isRead) return false;
        }

        if (options.FirstKey == 0) return RefuseSyntax(call);
        if (!isGroup || options.GroupAt > 0) return true;
        call.Reply.Error("ERR Missing GROUP option for XREADGROUP"u8);
        return false;
    }

    /// <summary>Finds the keys of a call; false when it has none.</summary>
    public static bool TryFindKeys(ArgumentList arguments, List<int> positions)
    {
        for (var at = 1; at < arguments.Count; at++)
        {
            var argument = arguments[at];
            if (ArgumentParser.Is(argument, "block"u8) || ArgumentParser.Is(argument, "count"u8))
            {
                at++;
            }
            else if (ArgumentParser.Is(argument, "group"u8))
            {
                at += 2;
            }
            else if (ArgumentParser.Is(argument, "streams"u8))
            {
                var rest = arguments.Count - at - 1;
                if (rest == 0 || (rest & 1) != 0) return false;
                for (var key = at + 1; key <= at + (rest / 2); key++) positions.Add(key);
                return true;
            }
            else if (!ArgumentParser.Is(argument, "noack"u8))
            {
                return false;
            }
        }

        return false;
    }

    private static bool RefuseSyntax(CommandContext call)
    {
        call.SyntaxError();
        return false;
    }

    private bool TryBlock(CommandContext call, int at)
    {
        if (call.Session.IsInScript)
        {
            call.Reply.Error([.. "ERR "u8, .. call[0], .. " command is not allowed with BLOCK option from scripts"u8]);
            return false;
        }

        Blocks = true;
        if (!call.TryInteger(at, "ERR timeout is not an integer or out of range"u8, out var timeout)) return false;
        if (timeout < 0 || timeout > long.MaxValue - call.Now)
        {
            call.Reply.Error(timeout < 0 ? "ERR timeout is negative"u8 : "ERR timeout is out of range"u8);
            return false;
        }

        Deadline = timeout == 0 ? 0 : call.Now + timeout;
        return true;
    }

    private bool TryCount(CommandContext call, int at)
    {
        if (!call.TryInteger(at, out Count)) return false;
        Count = Math.Max(0, Count);
        return true;
    }

    private bool TryStreams(CommandContext call, int at, bool isGroup)
    {
        FirstKey = at;
        Keys = (call.Count - at) / 2;
        if (((call.Count - at) & 1) == 0) return true;
        var ids = isGroup ? "ID or '>'" : "ID or '$'";
        call.Reply.Error(Encoding.ASCII.GetBytes(
            $"ERR Unbalanced '{call.Command.FullName}' list of streams: for each stream key an {ids} must be specified."));
        return false;
    }

    private bool TryGroup(CommandContext call, ref int at, bool isGroup)
    {
        if (!isGroup)
        {
            call.Reply.Error("ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead."u8);
            return false;
        }

        GroupAt = at + 1;
        at += 2;
        return true;
    }

    private bool TryNoAck(CommandContext call, bool isGroup)
    {
        NoAck = true;
        if (isGroup) return true;
        call.Reply.Error("ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead."u8);
        return false;
    }
}
