using System.Text;
using Starling.Node.Acl;
using Starling.Node.Execution;
using Starling.Node.Serving;
using Starling.Resp;

namespace Starling.Node.Commands;

/// <summary>CLIENT and its subcommands.</summary>
public static class Clients
{
    /// <summary>The reason under which CLIENT PAUSE pauses.</summary>
    public const string PauseReason = "CLIENT PAUSE";

    private const CommandFlags Usual = CommandFlags.NoScript | CommandFlags.Loading | CommandFlags.Stale;
    private const CommandFlags Administrative = Usual | CommandFlags.Admin;

    /// <summary>The reply differs from call to call.</summary>
    private static readonly string[] Varying = ["nondeterministic_output"];

    /// <summary>The rows.</summary>
    public static readonly Command[] Rows =
    [
        new("client", -2, CommandFlags.None, KeySpec.None, null)
        {
            Summary = "A container for client connection commands.", Since = "2.4.0", Group = "connection",
            Subcommands =
            [
                Row("id", 2, Usual, Id, "5.0.0", "Return the ID of the current connection."),
                Row("getname", 2, Usual, GetName, "2.6.9", "Return the name of the current connection."),
                Row("setname", 3, Usual, SetName, "2.6.9", "Assign the name <name> to the current connection.", "<name>"),
                Row("setinfo", 4, Usual, SetInfo, "7.2.0", "Set client meta attr. Options are LIB-NAME and LIB-VER.",
                    "<option> <value>"),
                Row("list", -2, Administrative, List, "2.4.0", "Return information about client connections.",
                    "[TYPE (NORMAL|MASTER|REPLICA|PUBSUB)|ID <client-id> [<client-id> ...]]", tips: Varying),
                Row("info", 2, Usual, Info, "6.2.0", "Return information about the current client connection.", tips: Varying),
                Row("kill", -3, Administrative, Kill, "2.4.0",
                    "Kill connections. Options are ADDR, LADDR, TYPE, USER, SKIPME, ID, MAXAGE; or one <ip:port>.",
                    "<option> <value> [<option> <value> [...]]"),
                Row("pause", -3, Administrative, Pause, "2.9.50",
                    "Suspend all, or just write, clients for <timeout> milliseconds.", "<timeout> [WRITE|ALL]"),
                Row("unblock", -3, Administrative, Unblock, "5.0.0",
                    "Unblock the specified blocked client.", "<clientid> [TIMEOUT|ERROR]"),
                Row("unpause", 2, Administrative, Unpause, "6.2.0", "Stop the current client pause, resuming traffic."),
                Row("reply", 3, Usual, Reply, "3.2.0", "Control the replies sent to the current connection.", "(ON|OFF|SKIP)"),
                Row("no-evict", 3, Administrative, NoEvict, "7.0.0", "Protect current client connection from eviction.",
                    "(ON|OFF)"),
                Row("trackinginfo", 2, Usual, ClientTracking.Info, "6.2.0", "Report tracking status for the current connection."),
                Row("getredir", 2, Usual, ClientTracking.Redirection, "6.0.0",
                    "Return the client ID we are redirecting to when tracking is enabled."),
                Row("caching", 3, Usual, ClientTracking.Cache, "6.0.0",
                    "Enable/disable tracking of the keys for next command in OPTIN/OPTOUT modes.", "(YES|NO)"),
                Row("tracking", -3, Usual, ClientTracking.Switch, "6.0.0", "Control server assisted client side caching.",
                    "(ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]] [OPTIN] [OPTOUT] [NOLOOP]"),
                Row("no-touch", 3, Usual, NoTouch, "7.2.0",
                    "Will not touch LRU/LFU stats when this mode is on.", "(ON|OFF)"),
            ],
        },
    ];

    private static Command Row(
        string name, int arity, CommandFlags flags, CommandHandler handler, string since, string summary, string arguments = "",
        string[]? tips = null) =>
        new(name, arity, flags, KeySpec.None, handler)
        {
            Summary = summary,
            Since = since,
            ArgumentsHelp = arguments,
            Tips = tips ?? [],
            Group = "connection",
            AclCategories = ["connection"],
        };

    private static void Id(CommandContext call) => call.Reply.Integer(call.Session.Id);

    private static void GetName(CommandContext call)
    {
        if (call.Session.Name.Length == 0) call.Reply.Null();
        else call.Reply.Bulk(call.Session.Name);
    }

    private static void SetName(CommandContext call)
    {
        if (!Connection.IsPrintable(call[2]))
        {
            call.Reply.Error("ERR Client names cannot contain spaces, newlines or special characters."u8);
            return;
        }

        call.Session.Name = Encoding.ASCII.GetString(call[2]);
        call.Reply.Simple("OK"u8);
    }

    private static void SetInfo(CommandContext call)
    {
        var isName = call.Is(2, "lib-name"u8);
        if (!isName && !call.Is(2, "lib-ver"u8))
        {
            call.ErrorQuoting("ERR Unrecognized option '"u8, call[2], "'"u8);
            return;
        }

        if (!Connection.IsPrintable(call[3]))
        {
            call.Reply.Error($"ERR {(isName ? "lib-name" : "lib-ver")} cannot contain spaces, newlines or special characters.");
            return;
        }

        var value = Encoding.ASCII.GetString(call[3]);
        if (isName) call.Session.LibraryName = value;
        else call.Session.LibraryVersion = value;
        call.Reply.Simple("OK"u8);
    }

    /// <summary>Writes the error and answers true when more follows than the one option of a subcommand with one argument.</summary>
    private static bool HasTooMany(CommandContext call)
    {
        if (call.Count <= 4) return false;
        call.ErrorQuoting("ERR unknown subcommand or wrong number of arguments for '"u8, call[1], "'. Try CLIENT HELP."u8);
        return true;
    }

    /// <summary>Ends another client's wait, as if its time were up or with an error.</summary>
    private static void Unblock(CommandContext call)
    {
        if (HasTooMany(call)) return;
        var withError = call.Count == 4 && call.Is(3, "error"u8);
        if (call.Count == 4 && !withError && !call.Is(3, "timeout"u8))
        {
            call.Reply.Error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"u8);
            return;
        }

        if (!call.TryInteger(2, out long id)) return;
        call.Reply.Integer(call.Node.Clients.Find(id) is { } client && TryUnblock(NodeSession.Of(client), withError) ? 1 : 0);
    }

    private static bool TryUnblock(NodeSession session, bool withError)
    {
        if (session.Waiter is { } waiter) return waiter.TryEnd(withError ? WaitEnd.Unblocked : WaitEnd.TimedOut);

        // Only what a blocking command waits for: not a SAVE, say, which has to be answered.
        if (session.LastCommand is not { } command || (command.Flags & CommandFlags.Blocking) == 0) return false;
        return session.Suspension is { } suspension && (withError ? suspension.Unblock() : suspension.TimeOut());
    }

    private static void Info(CommandContext call)
    {
        var text = call.Session.Connection is { } connection ? connection.Describe() + "\n" : "";
        call.Reply.Verbatim("txt"u8, Encoding.UTF8.GetBytes(text));
    }

    private static void List(CommandContext call)
    {
        ClientKind? kind = null;
        HashSet<long>? ids = null;
        if (call.Count == 4 && call.Is(2, "type"u8))
        {
            if (!TryKind(call, 3, out var wanted)) return;
            kind = wanted;
        }
        else if (call.Count > 3 && call.Is(2, "id"u8))
        {
            ids = [];
            for (var i = 3; i < call.Count; i++)
            {
                if (!call.TryInteger(i, "ERR Invalid client ID"u8, out var id)) return;
                ids.Add(id);
            }
        }
        else if (call.Count != 2)
        {
            call.Reply.Error(ErrorReplies.Syntax);
            return;
        }

        var text = new StringBuilder();
        foreach (var connection in call.Node.Clients.Snapshot())
        {
            if (kind is not null && connection.Session.Kind != kind) continue;
            if (ids is not null && !ids.Contains(connection.Session.Id)) continue;
            text.Append(connection.Describe()).Append('\n');
        }

        call.Reply.Verbatim("txt"u8, Encoding.UTF8.GetBytes(text.ToString()));
    }

    private static bool TryKind(CommandContext call, int index, out ClientKind kind)
    {
        kind = ClientKind.Normal;
        if (call.Is(index, "normal"u8)) return true;
        if (call.Is(index, "slave"u8) || call.Is(index, "replica"u8)) kind = ClientKind.Replica;
        else if (call.Is(index, "pubsub"u8)) kind = ClientKind.PubSub;
        else if (call.Is(index, "master"u8)) kind = ClientKind.Master;
        else call.ErrorQuoting("ERR Unknown client type '"u8, call[index], "'"u8);
        return kind != ClientKind.Normal;
    }

    private static void Kill(CommandContext call)
    {
        var filter = new KillFilter { SkipMe = call.Count != 3 };
        if (call.Count == 3) filter.Address = Encoding.Latin1.GetString(call[2]);
        else if (!TryKillOptions(call, filter)) return;
        var killed = 0;
        var isSelf = false;
        foreach (var connection in call.Node.Clients.Snapshot())
        {
            if (!filter.Matches(connection, call.Session)) continue;
            if (filter.User is { } user && call.Node.AccessControl.UserOf(NodeSession.Of(connection)) != user) continue;
            killed++;
            if (connection.Session == call.Session) isSelf = true;
            else call.Node.Publisher.Close(connection, NodeSession.Of(connection).Subscriber);
        }

        // The link to the master is no connection of a client.
        if (filter.IsForMaster && call.Node.Replication.KillMasterConnection(filter.Address, filter.LocalAddress)) killed++;
        if (call.Count != 3) call.Reply.Integer(killed);
        else if (killed == 0) call.Reply.Error("ERR No such client"u8);
        else call.Reply.Simple("OK"u8);
        if (isSelf) call.Session.CloseAfterReply = true;
    }

    private static bool TryKillOptions(CommandContext call, KillFilter filter)
    {
        for (var i = 2; i < call.Count; i += 2)
        {
            var isKnown = i + 1 < call.Count;
            if (isKnown && call.Is(i, "id"u8))
            {
                if (!ArgumentParser.TryInteger(call[i + 1], out long id) || id < 1)
                {
                    call.Reply.Error("ERR client-id should be greater than 0"u8);
                    return false;
                }

                filter.Id = id;
            }
            else if (isKnown && call.Is(i, "maxage"u8))
            {
                if (!TryAge(call, i + 1, out var age)) return false;
                filter.OpenedBefore = call.Now - age;
            }
            else if (isKnown && call.Is(i, "type"u8))
            {
                if (!TryKind(call, i + 1, out var kind)) return false;
                filter.Kind = kind;
            }
            else if (isKnown && call.Is(i, "addr"u8))
            {
                filter.Address = Encoding.Latin1.GetString(call[i + 1]);
            }
            else if (isKnown && call.Is(i, "laddr"u8))
            {
                filter.LocalAddress = Encoding.Latin1.GetString(call[i + 1]);
            }
            else if (isKnown && call.Is(i, "user"u8))
            {
                if (call.Node.AccessControl.Find(call[i + 1]) is not { } user)
                {
                    call.ErrorQuoting("ERR No such user '"u8, call[i + 1], "'"u8);
                    return false;
                }

                filter.User = user;
            }
            else if (isKnown && call.Is(i, "skipme"u8) && (call.Is(i + 1, "yes"u8) || call.Is(i + 1, "no"u8)))
            {
                filter.SkipMe = call.Is(i + 1, "yes"u8);
            }
            else
            {
                call.Reply.Error(ErrorReplies.Syntax);
                return false;
            }
        }

        return true;
    }

    /// <summary>An age in seconds, as milliseconds.</summary>
    private static bool TryAge(CommandContext call, int index, out long age)
    {
        if (!call.TryInteger(index, "ERR maxage is not an integer or out of range"u8, out age)) return false;
        if (age <= 0)
        {
            call.Reply.Error("ERR maxage should be greater than 0"u8);
            return false;
        }

        age = Math.Min(age, call.Now / 1000) * 1000;
        return true;
    }

    private static void Pause(CommandContext call)
    {
        if (HasTooMany(call)) return;
        var isAll = true;
        if (call.Count == 4)
        {
            if (call.Is(3, "write"u8)) isAll = false;
            else if (!call.Is(3, "all"u8))
            {
                call.Reply.Error("ERR CLIENT PAUSE mode must be WRITE or ALL"u8);
                return;
            }
        }

        if (!call.TryInteger(2, "ERR timeout is not an integer or out of range"u8, out var timeout)) return;
        if (timeout < 0)
        {
            call.Reply.Error("ERR timeout is negative"u8);
            return;
        }

        if (timeout > long.MaxValue - call.Now)
        {
            call.Reply.Error("ERR timeout is out of range"u8);
            return;
        }

        // The newer mode counts, and the later end.
        var until = call.Now + timeout;
        if (call.Node.Clients.PauseOf(PauseReason) is { } earlier) until = Math.Max(until, earlier.Until);
        if (isAll) call.Node.Clients.PauseAll(PauseReason, until);
        else call.Node.Clients.PauseWrites(PauseReason, until);
        call.Reply.Simple("OK"u8);
    }

    private static void Unpause(CommandContext call)
    {
        call.Node.Clients.Unpause(PauseReason);
        call.Reply.Simple("OK"u8);
    }

    private static void Reply(CommandContext call)
    {
        if (call.Is(2, "on"u8))
        {
            var session = call.Session;
            if (session.MutedFrom >= 0) call.Reply.Truncate(session.MutedFrom);
            session.MutedFrom = ClientSession.NotMuted;
            session.ReplyMode = ReplyMode.On;
            call.Reply.Simple("OK"u8);
        }
        else if (call.Is(2, "off"u8))
        {
            call.Session.ReplyMode = ReplyMode.Off;
            if (call.Session.MutedFrom < 0) call.Session.MutedFrom = call.Reply.Length;
        }
        else if (call.Is(2, "skip"u8))
        {
            if (call.Session.ReplyMode == ReplyMode.On) call.Session.ReplyMode = ReplyMode.SkipNext;
        }
        else
        {
            call.Reply.Error(ErrorReplies.Syntax);
        }
    }

    private static void NoEvict(CommandContext call)
    {
        if (TryOnOff(call, out var isOn)) call.Session.NoEvict = isOn;
    }

    private static void NoTouch(CommandContext call)
    {
        if (TryOnOff(call, out var isOn)) call.Session.NoTouch = isOn;
    }

    private static bool TryOnOff(CommandContext call, out bool isOn)
    {
        isOn = call.Is(2, "on"u8);
        if (!isOn && !call.Is(2, "off"u8))
        {
            call.Reply.Error(ErrorReplies.Syntax);
            return false;
        }

        call.Reply.Simple("OK"u8);
        return true;
    }

    private sealed class KillFilter
    {
        public string? Address { get; set; }

        public string? LocalAddress { get; set; }

        public ClientKind? Kind { get; set; }

        public long Id { get; set; }

        /// <summary>The latest time of a connection that is old enough, in milliseconds of Unix time.</summary>
        public long OpenedBefore { get; set; } = long.MaxValue;

        public bool SkipMe { get; set; }

        public AclUser? User { get; set; }

        /// <summary>It may be for the link to the master, which is no user's and has no number.</summary>
        public bool IsForMaster =>
            User is null && Id == 0 && OpenedBefore == long.MaxValue
            && (Kind == ClientKind.Master || (Kind is null && (Address is not null || LocalAddress is not null)));

        public bool Matches(ClientConnection connection, ClientSession caller) =>
            (Address is null || connection.RemoteAddress == Address)
            && (LocalAddress is null || connection.LocalAddress == LocalAddress)
            && (Kind is null || connection.Session.Kind == Kind)
            && (Id == 0 || connection.Session.Id == Id)
            && connection.Session.CreatedAt <= OpenedBefore
            && !(SkipMe && connection.Session == caller);
    }
}
