using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Logging;
using Starling.Node.Config;
using Starling.Node.PubSub;
using Starling.Node.Serving;
using Starling.Slots;

namespace Starling.Node.Acl;

/// <summary>
/// The users of a node. What a user may do is a snapshot that is replaced as a whole, so that judging a call takes no lock; changes
/// are made one at a time. Any thread, also with stripes held, but for what reads and writes files.
/// </summary>
public sealed class AccessControl
{
    private static readonly byte[][] ResetFirst = ["reset"u8.ToArray()];

    private readonly RankedLock _lock = new(LockRank.Leaf, nameof(AccessControl)); // makes changes one at a time
    private readonly ConcurrentDictionary<byte[], AclUser> _users = new(ByteStringComparer.Instance);
    private readonly RewriteOrder _saves = new();
    private readonly NodeBasics _basics;
    private readonly ServerConfig _config;
    private readonly Publisher _publisher;
    private readonly CommandCatalog _catalog;
    private readonly ILogger _logger;

    /// <summary>Makes it with the one user that there always is.</summary>
    internal AccessControl(NodeBasics basics, Publisher publisher)
    {
        _basics = basics;
        _config = basics.Config;
        _publisher = publisher;
        _catalog = new CommandCatalog(basics.Commands);
        _logger = basics.Loggers.CreateLogger("acl");
        Default = new AclUser(AclUser.DefaultName.ToArray(), RightsOfDefault(password: null));
        _users[Default.Name] = Default;
        _config.UserLines = LinesForConfiguration;
        _config.OnChange("requirepass", () => SetDefaultPassword(_config.RequirePass));
        basics.Info.Add("stats", info =>
        {
            info.Field("acl_access_denied_auth", Log.CountOf(AclDenial.Auth));
            info.Field("acl_access_denied_cmd", Log.CountOf(AclDenial.Command));
            info.Field("acl_access_denied_key", Log.CountOf(AclDenial.Key));
            info.Field("acl_access_denied_channel", Log.CountOf(AclDenial.Channel));
        });
    }

    /// <summary>The user that connections begin as.</summary>
    internal AclUser Default { get; }

    /// <summary>What was refused.</summary>
    internal AclLog Log { get; } = new();

    /// <summary>The users in the order of their names.</summary>
    internal IEnumerable<AclUser> Users => _users.Values.Order(Comparer<AclUser>.Create((a, b) => a.Name.AsSpan().SequenceCompareTo(b.Name)));

    private bool AllowsChannels => _config.AclPubSubDefault == "allchannels";

    /// <summary>Finds a user; null when there is none of the name.</summary>
    internal AclUser? Find(ReadOnlySpan<byte> name) =>
        _users.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(name, out var user) ? user : null;

    /// <summary>Whose rights a client has: those of the default user while nobody has logged in.</summary>
    internal AclUser UserOf(NodeSession session) => session.Identity == AclUser.Stranger ? Default : session.Identity;

    /// <summary>Makes a client the default user, if that takes no password.</summary>
    internal void Begin(NodeSession session)
    {
        if (Default.Rights is { HasNoPassword: true, IsOn: true }) session.LogIn(Default);
        else session.LogOut();
    }

    /// <summary>
    /// Makes a client a user, when the password is right; otherwise nothing changes. Takes as long whether there is such a user or
    /// not.
    /// </summary>
    internal bool TryLogIn(NodeSession session, ReadOnlySpan<byte> name, ReadOnlySpan<byte> password)
    {
        var user = Find(name);
        var rights = user?.Rights ?? UserRights.Nothing;
        var isRight = PasswordHash.IsAmong(password, rights.Passwords) | rights.HasNoPassword;
        if (user is null || !isRight || !rights.IsOn) return false;
        session.LogIn(user);

        // Who deletes the user either finds this client, or has removed the user before this look.
        Interlocked.MemoryBarrier();
        if (Find(name) == user) return true;
        session.LogOut();
        return false;
    }

    /// <summary>Makes a user or changes its rights: by all rules, or not at all when one of them is none.</summary>
    /// <param name="name">The name.</param>
    /// <param name="rules">The rules, a selector in one.</param>
    /// <param name="caller">The client that asks.</param>
    /// <param name="blamed">The rule that is none.</param>
    /// <returns>Why it is none; null when the user is changed.</returns>
    internal string? Set(ReadOnlySpan<byte> name, IReadOnlyList<byte[]> rules, NodeSession? caller, out byte[] blamed)
    {
        AclUser? user;
        using (_lock.Enter())
        {
            user = Find(name);
            var builder = new UserRightsBuilder(_catalog, AllowsChannels, user?.Rights);
            foreach (var rule in rules)
            {
                blamed = rule;
                if (builder.Apply(rule) is { } reason) return reason;
            }

            blamed = [];
            var rights = builder.Build();
            if (user is null) _users[name.ToArray()] = new AclUser(name.ToArray(), rights);
            else Publish(user, rights);
        }

        if (user is not null) CloseSubscribers([user], caller);
        return null;
    }

    /// <summary>Deletes a user and closes its clients; false when there is none of the name.</summary>
    internal bool Delete(ReadOnlySpan<byte> name, NodeSession? caller)
    {
        Invariant.That(!name.SequenceEqual(AclUser.DefaultName));
        AclUser? user;
        using (_lock.Enter())
        {
            if (!_users.TryRemove(name.ToArray(), out user)) return false;
            user.Rights = UserRights.Nothing;
        }

        CloseClients([user], caller);
        return true;
    }

    /// <summary>Where a client's command stands, which is not in a script.</summary>
    internal static AclPlace PlaceOf(CommandContext call) =>
        call.IsInExec || call.Session.Transaction is not null ? AclPlace.Transaction : AclPlace.TopLevel;

    /// <summary>Notes that a client was refused something.</summary>
    /// <param name="session">The client.</param>
    /// <param name="reason">Why.</param>
    /// <param name="place">Where.</param>
    /// <param name="what">The command, key or channel.</param>
    /// <param name="username">Who tried.</param>
    internal void NoteDenial(
        NodeSession session, AclDenial reason, AclPlace place, ReadOnlySpan<byte> what, ReadOnlySpan<byte> username)
    {
        var client = session.Connection?.Describe() ?? "";
        Log.Add(reason, place, what, username, client, _basics.NowMilliseconds, _config.AclLogMaxLength);
    }

    /// <summary>
    /// A client has subscribed by rights that may have been taken from it meanwhile: then it goes, as it would have gone had
    /// it been subscribed before. On its thread.
    /// </summary>
    internal void CheckSubscriber(NodeSession session)
    {
        Interlocked.MemoryBarrier(); // who takes rights away either finds the subscription, or has done it before this look
        var rights = UserOf(session).Rights;
        if (session.Subscriber is not { } subscriber || session.RightsOfSubscriptions == rights) return;
        session.RightsOfSubscriptions = rights;
        if (!MayKeepAll(subscriber, rights)) session.CloseAfterReply = true;
    }

    /// <summary>Makes the users that the configuration defines. Before clients are served.</summary>
    /// <exception cref="ServerStartException">One of them cannot be made.</exception>
    internal void LoadAtStart()
    {
        SetDefaultPassword(_config.RequirePass);
        if (_config.AclFile.Length > 0)
        {
            if (LoadFile(caller: null) is { } reason) throw new ServerStartException("Aborting the start because of ACL errors: " + reason);
            return;
        }

        foreach (var line in _config.Users)
        {
            if (Define(line, out var blamed) is { } reason)
                throw new ServerStartException($"Error in user declaration '{RuleText.UpToZero(blamed)}': {reason} ({line.Place}, directive 'user')");
        }
    }

    /// <summary>Makes the users those of the file, or changes nothing when anything is wrong with it. May block.</summary>
    /// <param name="caller">The client that asks.</param>
    /// <returns>What is wrong; null when they are loaded.</returns>
    internal string? LoadFile(NodeSession? caller)
    {
        var name = _config.AclFile;
        Dictionary<byte[], UserRights> users = [];
        var reason = AclFile.TryRead(_config.PathOf(name), name, out var text);
        reason ??= AclFile.TryParse(text, name, _catalog, AllowsChannels, out users);
        if (reason is null) Replace(users, caller);
        else AccessLog.NotLoaded(_logger, reason);
        return reason;
    }

    /// <summary>The users as they are now, for their file.</summary>
    internal (byte[] Text, long Number) TakeForFile()
    {
        var number = _saves.Next();
        var lines = Users.Select(user => $"user {RuleText.Of(user.Name)} {user.Rights.Tell(isExact: true)}\n");
        return (RuleText.Bytes(string.Concat(lines)), number);
    }

    /// <summary>Writes what was taken into the file of users. May block.</summary>
    /// <returns>Why it failed; null when it is written.</returns>
    internal string? SaveFile(byte[] text, long number)
    {
        var reason = AclFile.TrySave(_config.PathOf(_config.AclFile), text, _saves, number);
        if (reason is not null) AccessLog.NotSaved(_logger, reason);
        return reason;
    }

    /// <summary>A user's rule, as a line of the configuration file can have it.</summary>
    private static string QuoteForConfiguration(string rule)
    {
        // A selector is several words there, and one again when it is read.
        var isPlain = rule.StartsWith('(') && rule.All(c => c is >= ' ' and < '\x7f' and not ('"' or '\'' or '\\'));
        return isPlain ? rule : ConfigLine.QuoteIfNeeded(RuleText.Bytes(rule));
    }

    /// <summary>True when every channel and pattern that a client is subscribed to is allowed.</summary>
    private bool MayKeepAll(Subscriber subscriber, UserRights rights)
    {
        foreach (var kind in Enum.GetValues<SubscriptionKind>())
        {
            if (subscriber.Count(kind) == 0) continue;
            foreach (var name in _publisher.Table.NamesOf(kind, subscriber))
                if (!rights.AllowChannel(name, kind == SubscriptionKind.Pattern)) return false;
        }

        return true;
    }

    /// <summary>The rights of the default user of a server without users.</summary>
    private UserRights RightsOfDefault(string? password)
    {
        var builder = new UserRightsBuilder(_catalog, allowsChannels: true, before: null);
        foreach (var rule in (string[])["on", "+@all", "~*", "&*", string.IsNullOrEmpty(password) ? "nopass" : ">"])
        {
            var reason = builder.Apply(rule == ">" ? [(byte)'>', .. Encoding.UTF8.GetBytes(password!)] : RuleText.Bytes(rule));
            Invariant.That(reason is null);
        }

        return builder.Build();
    }

    /// <summary>The default user has one password, or needs none; its other rights stay.</summary>
    private void SetDefaultPassword(string? password)
    {
        using (_lock.Enter())
        {
            var builder = new UserRightsBuilder(_catalog, AllowsChannels, Default.Rights);
            var rules = string.IsNullOrEmpty(password)
                ? (byte[][])["nopass"u8.ToArray()]
                : ["resetpass"u8.ToArray(), [(byte)'>', .. Encoding.UTF8.GetBytes(password)]];
            foreach (var rule in rules)
            {
                var reason = builder.Apply(rule);
                Invariant.That(reason is null);
            }

            Publish(Default, builder.Build());
        }
    }

    /// <summary>Makes a user as a line of the configuration defines it; answers why it is none, and what is to blame.</summary>
    private string? Define(UserLine line, out byte[] blamed)
    {
        blamed = line.Name;
        if (RuleText.HasSpace(line.Name)) return "Usernames can't contain spaces or null characters";
        if (RuleText.TryMerge(line.Rules, out var rules, out var unmatched))
            return Set(line.Name, [.. ResetFirst, .. rules], caller: null, out blamed);
        blamed = unmatched;
        return "Unmatched parenthesis in acl selector";
    }

    /// <summary>From here on a user has these rights. With the lock held.</summary>
    private void Publish(AclUser user, UserRights rights)
    {
        user.Rights = rights;
        if (user == Default) _config.WantsPassword = !rights.HasNoPassword || !rights.IsOn;
    }

    /// <summary>Makes the users these and no others. Who stays is the same user with other rights.</summary>
    private void Replace(Dictionary<byte[], UserRights> users, NodeSession? caller)
    {
        var gone = new HashSet<AclUser>();
        using (_lock.Enter())
        {
            foreach (var user in _users.Values)
            {
                if (user == Default || users.ContainsKey(user.Name)) continue;
                _users.TryRemove(user.Name, out _);
                user.Rights = UserRights.Nothing;
                gone.Add(user);
            }

            foreach (var (name, rights) in users)
            {
                if (_users.TryGetValue(name, out var user)) Publish(user, rights);
                else _users[name] = new AclUser(name, rights);
            }

            if (!users.ContainsKey(Default.Name)) Publish(Default, RightsOfDefault(password: null));
        }

        CloseClients(gone, caller);
        CloseSubscribers([.. _users.Values], caller);
    }

    /// <summary>The lines that define the users, for the configuration file, unless they have a file of their own.</summary>
    private List<(string Line, bool IsDefault)> LinesForConfiguration()
    {
        List<(string, bool)> lines = [];
        if (_config.AclFile.Length > 0) return lines;
        var usual = RightsOfDefault(_config.RequirePass).Tell(isExact: true);
        foreach (var user in Users)
        {
            var rights = user.Rights;
            var line = ConfigLine.QuoteIfNeeded(user.Name) + " " + string.Join(' ', rights.Rules(isExact: true).Select(QuoteForConfiguration));
            lines.Add((line, user == Default && rights.Tell(isExact: true) == usual));
        }

        return lines;
    }

    /// <summary>Closes the clients of users that are gone.</summary>
    private void CloseClients(HashSet<AclUser> users, NodeSession? caller)
    {
        if (users.Count == 0) return;
        Interlocked.MemoryBarrier();
        foreach (var connection in _basics.Clients.Snapshot())
            if (users.Contains(NodeSession.Of(connection).Identity)) Close(connection, caller);
    }

    /// <summary>Closes the clients of users that are subscribed to what they may not be any more.</summary>
    private void CloseSubscribers(HashSet<AclUser> users, NodeSession? caller)
    {
        Interlocked.MemoryBarrier();
        foreach (var connection in _basics.Clients.Snapshot())
        {
            var session = NodeSession.Of(connection);
            if (session.Subscriber is not { Total: > 0 } subscriber || UserOf(session) is not { } user || !users.Contains(user)) continue;
            if (!MayKeepAll(subscriber, user.Rights)) Close(connection, caller);
        }
    }

    /// <summary>Closes a client; who has asked for it gets the reply before.</summary>
    private void Close(ClientConnection connection, NodeSession? caller)
    {
        var session = NodeSession.Of(connection);
        if (session == caller) session.CloseAfterReply = true;
        else _publisher.Close(connection, session.Subscriber);
    }
}
