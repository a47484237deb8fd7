using System.Text;
using Starling.Node.Acl;
using Starling.Node.Serving;
using Starling.Node.Telemetry;
using Starling.Resp;

namespace Starling.Node.Commands;

/// <summary>Commands about the connection itself: AUTH, HELLO, PING, ECHO, QUIT, RESET, SELECT.</summary>
public static class Connection
{
    private const CommandFlags Always =
        CommandFlags.NoScript | CommandFlags.Loading | CommandFlags.Stale | CommandFlags.Fast | CommandFlags.NoAuth
        | CommandFlags.AllowBusy;

    /// <summary>The rows.</summary>
    public static readonly Command[] Rows =
    [
        new("auth", -2, Always, KeySpec.None, Auth)
        {
            Summary = "Authenticates the connection.", Since = "1.0.0", Group = "connection", AclCategories = ["connection"],
        },
        new("hello", -1, Always, KeySpec.None, Hello)
        {
            Summary = "Switches the protocol version and introduces the client.", Since = "6.0.0", Group = "connection",
            AclCategories = ["connection"],
        },
        new("ping", -1, CommandFlags.Fast, KeySpec.None, Ping)
        {
            IsForSubscribers = true, IsRefusedWhenMisconfigured = true, Tips = ["request_policy:all_shards", "response_policy:all_succeeded"],
            Summary = "Returns the server's liveliness response.", Since = "1.0.0", Group = "connection",
            AclCategories = ["connection"],
        },
        new("echo", 2, CommandFlags.Loading | CommandFlags.Stale | CommandFlags.Fast, KeySpec.None, Echo)
        {
            Summary = "Returns the given string.", Since = "1.0.0", Group = "connection", AclCategories = ["connection"],
        },
        new("quit", -1, Always, KeySpec.None, Quit)
        {
            RunsAtOnceInTransaction = true, IsForSubscribers = true,
            Summary = "Closes the connection.", Since = "1.0.0", Group = "connection", AclCategories = ["connection"],
        },
        new("reset", 1, Always, KeySpec.None, Reset)
        {
            RunsAtOnceInTransaction = true, IsForSubscribers = true,
            Summary = "Puts the connection back into its initial state.", Since = "6.2.0", Group = "connection",
            AclCategories = ["connection"],
        },
        new("select", 2, CommandFlags.Loading | CommandFlags.Stale | CommandFlags.Fast, KeySpec.None, Select)
        {
            Summary = "Changes the selected database.", Since = "1.0.0", Group = "connection", AclCategories = ["connection"],
        },
    ];

    private static ReadOnlySpan<byte> NoPasswordConfigured =>
        "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?"u8;

    private static ReadOnlySpan<byte> HelloNeedsAuth =>
        "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> "u8
        + "option can be used to authenticate the client and select the RESP protocol version at the same time"u8;

    /// <summary>
    /// A client or library name that CLIENT LIST can print: visible ASCII only. The error is Redis's with the
    /// attribute's name before it.
    /// </summary>
    internal static bool IsPrintable(ReadOnlySpan<byte> text) => !text.ContainsAnyExceptInRange((byte)'!', (byte)'~');

    private static void Auth(CommandContext call)
    {
        if (call.Count > 3)
        {
            call.Reply.Error(ErrorReplies.Syntax);
            return;
        }

        for (var i = 1; i < call.Count; i++) call.Session.Hidden.Add(i);
        if (call.Count == 2 && call.Node.AccessControl.Default.Rights.HasNoPassword)
        {
            call.Reply.Error(NoPasswordConfigured);
            return;
        }

        if (TryAuthenticate(call, call.Count == 2 ? AclUser.DefaultName : call[1], call[call.Count - 1])) call.Reply.Simple("OK"u8);
    }

    /// <summary>Logs in; the error is replied when it answers false.</summary>
    private static bool TryAuthenticate(CommandContext call, ReadOnlySpan<byte> user, ReadOnlySpan<byte> password)
    {
        var (access, session) = (call.Node.AccessControl, call.Session);
        if (session.FailedLogIns.AreTooMany(call.Now))
        {
            call.Reply.Error("ERR too many failed attempts to log in on this connection, try again in a second"u8);
            return false;
        }

        if (access.TryLogIn(session, user, password)) return true;
        session.FailedLogIns.Note(call.Now);
        access.NoteDenial(session, AclDenial.Auth, AccessControl.PlaceOf(call), call[0], user);
        call.Reply.Error(ErrorReplies.WrongPass);
        return false;
    }

    private static void Hello(CommandContext call)
    {
        long version = 0;
        var next = 1;
        if (call.Count >= 2)
        {
            if (!call.TryInteger(next++, "ERR Protocol version is not an integer or out of range"u8, out version)) return;
            if (version is < 2 or > 3)
            {
                call.Reply.Error(ErrorReplies.NoProto);
                return;
            }
        }

        if (!TryHelloOptions(call, next, out var name)) return;
        if (!call.Session.IsAuthenticated && call.Node.Config.WantsPassword)
        {
            call.Reply.Error(HelloNeedsAuth);
            return;
        }

        if (name is not null) call.Session.Name = name;
        if (version != 0 && version != call.Reply.Protocol)
        {
            call.Reply.Protocol = (int)version;
            PushOrder.Settle(call);
        }

        WriteHello(call);
    }

    private static bool TryHelloOptions(CommandContext call, int next, out string? name)
    {
        name = null;
        for (var i = next; i < call.Count; i++)
        {
            var more = call.Count - 1 - i;
            if (call.Is(i, "auth"u8) && more >= 2)
            {
                call.Session.Hidden.Add(i + 1);
                call.Session.Hidden.Add(i + 2);
                if (!TryAuthenticate(call, call[i + 1], call[i + 2])) return false;
                i += 2;
            }
            else if (call.Is(i, "setname"u8) && more >= 1)
            {
                if (!IsPrintable(call[i + 1]))
                {
                    call.Reply.Error("ERR Client names cannot contain spaces, newlines or special characters."u8);
                    return false;
                }

                name = Encoding.ASCII.GetString(call[++i]);
            }
            else
            {
                call.ErrorQuoting("ERR Syntax error in HELLO option '"u8, call[i], "'"u8);
                return false;
            }
        }

        return true;
    }

    private static void WriteHello(CommandContext call)
    {
        var reply = call.Reply;
        reply.Map(7);
        reply.Bulk("server"u8);
        reply.Bulk("redis"u8);
        reply.Bulk("version"u8);
        reply.Bulk(ServerVersion.Redis);
        reply.Bulk("proto"u8);
        reply.Integer(reply.Protocol);
        reply.Bulk("id"u8);
        reply.Integer(call.Session.Id);
        reply.Bulk("mode"u8);
        reply.Bulk(call.Node.Cluster is null ? "standalone"u8 : "cluster"u8);
        reply.Bulk("role"u8);
        reply.Bulk(call.Node.Replication.IsReplica ? "replica"u8 : "master"u8);
        reply.Bulk("modules"u8);
        reply.Array(0);
    }

    private static void Ping(CommandContext call)
    {
        if (call.Count > 2)
        {
            call.Reply.Error("ERR wrong number of arguments for 'ping' command"u8);
        }
        else if (call.Session.Kind == ClientKind.PubSub && call.Reply.Protocol == 2)
        {
            // To be told from the messages around it.
            call.Reply.Array(2);
            call.Reply.Bulk("pong"u8);
            call.Reply.Bulk(call.Count == 2 ? call[1] : []);
        }
        else if (call.Count == 2) call.Reply.Bulk(call[1]);
        else call.Reply.Simple("PONG"u8);
    }

    private static void Echo(CommandContext call) => call.Reply.Bulk(call[1]);

    private static void Quit(CommandContext call)
    {
        call.Reply.Simple("OK"u8);
        call.Session.CloseAfterReply = true;
    }

    private static void Reset(CommandContext call)
    {
        var session = call.Session;
        if (session.Kind is ClientKind.Replica or ClientKind.Master)
        {
            call.Reply.Error("ERR can only reset normal client connections"u8);
            return;
        }

        session.Transaction = null;
        call.Node.Watches.RemoveAll(session);
        session.DatabaseIndex = 0;
        session.Asking = false;
        session.ReadOnlyMode = false;
        session.NoTouch = false;
        session.NoEvict = false;
        if (session.ReplyMode == ReplyMode.Off) session.MutedFrom = ClientSession.NotMuted; // SKIP still counts
        session.ReplyMode = ReplyMode.On;
        session.Name = "";
        call.Node.AccessControl.Begin(session);
        call.Node.Tracking.Disable(session);
        call.Reply.Protocol = 2;
        call.Node.Monitors.Remove(session);
        if (session.Subscriber is { } subscriber) call.Node.Publisher.Table.RemoveAll(subscriber);
        PushOrder.Settle(call);
        call.Reply.Simple("RESET"u8);
    }

    private static void Select(CommandContext call)
    {
        if (!call.TryInteger(1, out int index)) return;
        if (call.Node.Cluster is not null && index != 0)
        {
            call.Reply.Error("ERR SELECT is not allowed in cluster mode"u8);
            return;
        }

        if (index < 0 || index >= call.Keyspace.DatabaseCount)
        {
            call.Reply.Error(ErrorReplies.DatabaseOutOfRange);
            return;
        }

        call.Session.DatabaseIndex = index;
        call.Reply.Simple("OK"u8);
    }
}
