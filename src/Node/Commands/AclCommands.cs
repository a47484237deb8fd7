using System.Security.Cryptography;
using System.Text;
using Starling.Node.Acl;
using Starling.Node.Serving;
using Starling.Resp;

namespace Starling.Node.Commands;

/// <summary>ACL and its subcommands.</summary>
public static class AclCommands
{
    private const CommandFlags Usual = CommandFlags.NoScript | CommandFlags.Loading | CommandFlags.Stale;
    private const CommandFlags Administrative = Usual | CommandFlags.Admin;
    private const int UsualLogEntries = 10;
    private const int MostPasswordBits = 4096;

    private static readonly string[] HelpLines =
    [
        "CAT [<category>]",
        "    List all commands that belong to <category>, or all command categories",
        "    when no category is specified.",
        "DELUSER <username> [<username> ...]",
        "    Delete a list of users.",
        "DRYRUN <username> <command> [<arg> ...]",
        "    Returns whether the user can execute the given command without executing the command.",
        "GETUSER <username>",
        "    Get the user's details.",
        "GENPASS [<bits>]",
        "    Generate a secure 256-bit user password. The optional `bits` argument can",
        "    be used to specify a different size.",
        "LIST",
        "    Show users details in config file format.",
        "LOAD",
        "    Reload users from the ACL file.",
        "LOG [<count> | RESET]",
        "    Show the ACL log entries.",
        "SAVE",
        "    Save the current config to the ACL file.",
        "SETUSER <username> <attribute> [<attribute> ...]",
        "    Create or modify a user with the specified attributes.",
        "USERS",
        "    List all the registered usernames.",
        "WHOAMI",
        "    Return the current connection username.",
    ];

    /// <summary>The rows.</summary>
    public static readonly Command[] Rows =
    [
        new("acl", -2, CommandFlags.None, KeySpec.None, null)
        {
            Summary = "A container for commands about users and what they may do.", Since = "6.0.0", Group = "server",
            Subcommands =
            [
                Row("cat", -2, Usual, Cat, "Lists the categories, or the commands of one."),
                Row("deluser", -3, Administrative, DelUser, "Deletes users and closes their connections."),
                Row("dryrun", -4, Administrative, DryRun, "Tells whether a user may run a command, without running it.", since: "7.0.0"),
                Row("genpass", -2, Usual, GenPass, "Makes a random password."),
                Row("getuser", 3, Administrative, GetUser, "Returns the rules of a user."),
                Row("help", 2, CommandFlags.Loading | CommandFlags.Stale, Help, "Returns helpful text about the different subcommands."),
                Row("list", 2, Administrative, List, "Returns the users as the lines of a file of users."),
                Row("load", 2, Administrative, Load, "Makes the users those of the file of users."),
                Row("log", -2, Administrative, Log, "Lists what was refused last, or forgets it."),
                Row("save", 2, Administrative, Save, "Writes the users into the file of users."),
                Row("setuser", -3, Administrative, SetUser, "Makes a user, or changes what one may do."),
                Row("users", 2, Administrative, Users, "Lists the names of the users."),
                Row("whoami", 2, Usual, WhoAmI, "Returns the name of the user of this connection."),
            ],
        },
    ];

    private static ReadOnlySpan<byte> NoFile =>
        "ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER command and then "u8
        + "issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store users in the Redis configuration."u8;

    private static Command Row(
        string name, int arity, CommandFlags flags, CommandHandler handler, string summary, string since = "6.0.0") =>
        new(name, arity, flags, KeySpec.None, handler) { Summary = summary, Since = since, Group = "server" };

    private static void Help(CommandContext call) => HelpReply.Write(call.Reply, "ACL", HelpLines);

    /// <summary>Writes the error and answers true when there are more arguments than a subcommand takes.</summary>
    private static bool HasTooMany(CommandContext call, int most)
    {
        if (call.Count <= most) return false;
        call.ErrorQuoting("ERR unknown subcommand or wrong number of arguments for '"u8, call[1], "'. Try ACL HELP."u8);
        return true;
    }

    private static void WhoAmI(CommandContext call) => call.Reply.Bulk(call.Node.AccessControl.UserOf(call.Session).Name);

    private static void Users(CommandContext call)
    {
        var users = call.Node.AccessControl.Users.ToArray();
        call.Reply.Array(users.Length);
        foreach (var user in users) call.Reply.Bulk(user.Name);
    }

    private static void List(CommandContext call)
    {
        var users = call.Node.AccessControl.Users.ToArray();
        call.Reply.Array(users.Length);
        foreach (var user in users)
            call.Reply.Bulk([.. "user "u8, .. user.Name, (byte)' ', .. RuleText.Bytes(user.Rights.Tell(isExact: false))]);
    }

    private static void Cat(CommandContext call)
    {
        if (HasTooMany(call, most: 3)) return;
        if (call.Count == 2)
        {
            call.Reply.Array(AclCategories.AllNames.Count);
            foreach (var name in AclCategories.AllNames) call.Reply.Bulk(name);
            return;
        }

        if (!AclCategories.TryFind(call[2], out var category))
        {
            call.ErrorQuoting("ERR Unknown category '"u8, call[2], "'"u8);
            return;
        }

        var found = call.Node.Commands.All.Where(command => command.AllCategories.Intersects(category)).ToArray();
        call.Reply.Array(found.Length);
        foreach (var command in found) call.Reply.Bulk(command.FullName);
    }

    private static void GenPass(CommandContext call)
    {
        if (HasTooMany(call, most: 3)) return;
        var bits = 256;
        if (call.Count == 3)
        {
            if (!call.TryInteger(2, out long wanted)) return;
            if (wanted is < 1 or > MostPasswordBits)
            {
                call.Reply.Error(
                    "ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096"u8);
                return;
            }

            bits = (int)wanted;
        }

        const int BitsOfDigit = 4;
        call.Reply.Bulk(RandomNumberGenerator.GetHexString((bits + BitsOfDigit - 1) / BitsOfDigit, lowercase: true));
    }

    private static void GetUser(CommandContext call)
    {
        if (call.Node.AccessControl.Find(call[2]) is not { Rights: { Selectors.Length: > 0 } rights })
        {
            call.Reply.Null();
            return;
        }

        var reply = call.Reply;
        reply.Map(6);
        reply.Bulk("flags"u8);
        string[] flags = [.. rights.Flags];
        reply.Set(flags.Length);
        foreach (var flag in flags) reply.Bulk(flag);
        reply.Bulk("passwords"u8);
        reply.Array(rights.Passwords.Length);
        foreach (var password in rights.Passwords) reply.Bulk(password);
        WriteSelector(reply, rights.Selectors[0]);
        reply.Bulk("selectors"u8);
        reply.Array(rights.Selectors.Length - 1);
        foreach (var selector in rights.Selectors[1..])
        {
            reply.Map(3);
            WriteSelector(reply, selector);
        }
    }

    /// <summary>The three fields of a selector.</summary>
    private static void WriteSelector(RespWriter reply, Selector selector)
    {
        reply.Bulk("commands"u8);
        reply.Bulk(RuleText.Bytes(selector.Commands.Text));
        reply.Bulk("keys"u8);
        reply.Bulk(RuleText.Bytes(string.Join(' ', selector.Keys.Tell(isExact: false))));
        reply.Bulk("channels"u8);
        reply.Bulk(RuleText.Bytes(string.Join(' ', selector.Channels.Tell())));
    }

    private static void SetUser(CommandContext call)
    {
        for (var i = 2; i < call.Count; i++) call.Session.Hidden.Add(i);
        var name = call[2];
        if (RuleText.HasSpace(name))
        {
            call.Reply.Error("ERR Usernames can't contain spaces or null characters"u8);
            return;
        }

        var given = new List<byte[]>(call.Count);
        for (var i = 3; i < call.Count; i++) given.Add(call[i].ToArray());
        if (!RuleText.TryMerge(given, out var rules, out var unmatched))
        {
            call.ErrorQuoting("ERR Unmatched parenthesis in acl selector starting at '"u8, unmatched, "'."u8);
            return;
        }

        if (call.Node.AccessControl.Set(name, rules, call.Session, out var blamed) is { } reason)
            call.ErrorQuoting("ERR Error in ACL SETUSER modifier '"u8, blamed, Encoding.ASCII.GetBytes("': " + reason));
        else call.Ok();
    }

    private static void DelUser(CommandContext call)
    {
        for (var i = 2; i < call.Count; i++)
        {
            if (!call[i].SequenceEqual(AclUser.DefaultName)) continue;
            call.Reply.Error("ERR The 'default' user cannot be removed"u8);
            return;
        }

        var deleted = 0;
        for (var i = 2; i < call.Count; i++)
            if (call.Node.AccessControl.Delete(call[i], call.Session)) deleted++;
        call.Reply.Integer(deleted);
    }

    private static void DryRun(CommandContext call)
    {
        if (call.Node.AccessControl.Find(call[2]) is not { } user)
        {
            call.ErrorQuoting("ERR User '"u8, call[2], "' not found"u8);
            return;
        }

        var arguments = new ArgumentList();
        arguments.CopyFrom(call.Arguments, 3);
        if (call.Node.Commands.FindNamed(arguments) is not { } command)
        {
            call.ErrorQuoting("ERR Command '"u8, call[3], "' not found"u8);
            return;
        }

        if (command.Arity > 0 ? arguments.Count != command.Arity : arguments.Count < -command.Arity)
        {
            call.Reply.Error($"ERR wrong number of arguments for '{command.FullName}' command");
            return;
        }

        var verdict = user.Rights.Judge(command, arguments);
        if (verdict == AclVerdict.Allowed) call.Ok();
        else call.Reply.Bulk(AclReplies.DryRun(verdict.Denial, command, arguments[verdict.Position]));
    }

    private static void Log(CommandContext call)
    {
        if (HasTooMany(call, most: 3)) return;
        long most = UsualLogEntries;
        if (call.Count == 3)
        {
            if (call.Is(2, "reset"u8))
            {
                call.Node.AccessControl.Log.Clear();
                call.Ok();
                return;
            }

            if (!call.TryInteger(2, out most)) return;
        }

        var entries = call.Node.AccessControl.Log.Newest(most);
        call.Reply.Array(entries.Length);
        foreach (var entry in entries) WriteEntry(call.Reply, entry, call.Now);
    }

    private static void WriteEntry(RespWriter reply, AclLogEntry entry, long now)
    {
        const double MillisecondsPerSecond = 1000;
        reply.Map(10);
        reply.Bulk("count"u8);
        reply.Integer(entry.Count);
        reply.Bulk("reason"u8);
        reply.Bulk(entry.Reason.ToString().ToLowerInvariant());
        reply.Bulk("context"u8);
        reply.Bulk(entry.Place switch
        {
            AclPlace.Script => "lua"u8,
            AclPlace.Transaction => "multi"u8,
            _ => "toplevel"u8,
        });
        reply.Bulk("object"u8);
        reply.Bulk(entry.Object);
        reply.Bulk("username"u8);
        reply.Bulk(entry.Username);
        reply.Bulk("age-seconds"u8);
        reply.Double((now - entry.Updated) / MillisecondsPerSecond);
        reply.Bulk("client-info"u8);
        reply.Bulk(entry.Client);
        reply.Bulk("entry-id"u8);
        reply.Integer(entry.Id);
        reply.Bulk("timestamp-created"u8);
        reply.Integer(entry.Created);
        reply.Bulk("timestamp-last-updated"u8);
        reply.Integer(entry.Updated);
    }

    /// <summary>Writes the error and answers false when there is no file of users.</summary>
    private static bool HasFile(CommandContext call)
    {
        if (call.Node.Config.AclFile.Length > 0) return true;
        call.Reply.Error(NoFile);
        return false;
    }

    private static void Load(CommandContext call)
    {
        if (!HasFile(call)) return;
        var (access, session) = (call.Node.AccessControl, call.Session);
        session.LateReplies.Add(call, () => access.LoadFile(session) is { } reason ? "ERR " + reason : null);
    }

    private static void Save(CommandContext call)
    {
        if (!HasFile(call)) return;
        var access = call.Node.AccessControl;
        var (text, number) = access.TakeForFile();
        call.Session.LateReplies.Add(call, () => access.SaveFile(text, number) is null
            ? null
            : "ERR There was an error trying to save the ACLs. Please check the server logs for more information");
    }
}
