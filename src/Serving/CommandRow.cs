using Starling.Resp;

namespace Starling.Serving;

/// <summary>
/// One row of the command table: all that is known of a command but how it is executed, which its host adds. Gates,
/// COMMAND, ACL, redirects and MULTI read it; nothing about a command is said twice.
/// </summary>
public abstract class CommandRow
{
    private bool _mayHaveOneKey;

    /// <summary>Makes a row.</summary>
    /// <param name="name">The name in lower case; a subcommand's without its container's.</param>
    /// <param name="arity">Number of arguments with the name; negative means at least that many. A subcommand counts
    /// its container's name too.</param>
    /// <param name="flags">Flags.</param>
    /// <param name="keys">Where the keys are.</param>
    protected CommandRow(string name, int arity, CommandFlags flags, KeySpec keys)
    {
        Name = name;
        Arity = arity;
        Flags = flags;
        Keys = keys;
    }

    /// <summary>The name in lower case.</summary>
    public string Name { get; }

    /// <summary>Number of arguments with the name; negative means at least that many.</summary>
    public int Arity { get; }

    /// <summary>Flags.</summary>
    public CommandFlags Flags { get; }

    /// <summary>Where the keys are.</summary>
    public KeySpec Keys { get; }

    /// <summary>Finds keys that <see cref="Keys"/> cannot describe.</summary>
    public KeyFinder? FindKeys { get; init; }

    /// <summary>
    /// Position of the argument that says how many keys follow it; 0 when there is none. <see cref="Keys"/> are the keys before
    /// it, if there are any.
    /// </summary>
    public int KeyCountAt { get; init; }

    /// <summary>
    /// The word that the keys follow, as far as COMMAND INFO can say it, and from which argument on it is looked for; keys
    /// fill half of what is behind it. Null when there is none; <see cref="FindKeys"/> finds the keys.
    /// </summary>
    public (string Word, int From)? KeysBehindWord { get; init; }

    /// <summary>The keys are named by the arguments in a way that COMMAND INFO can say, or by <see cref="FindKeys"/>.</summary>
    public bool HasKeys => Keys.First != 0 || KeyCountAt != 0 || FindKeys is not null;

    /// <summary>What its arguments are that name channels.</summary>
    public ChannelUse Channels { get; init; }

    /// <summary>Which stripes the executor holds.</summary>
    public LockMode Locks { get; init; }

    /// <summary>
    /// Tells of one call whether it may touch keys that nobody knows before it runs, so that the executor holds every
    /// stripe; null when it touches none but those that it names.
    /// </summary>
    public Predicate<ArgumentList>? TouchesUnknownKeys { get; init; }

    /// <summary>What it does with its keys. Where each key has a spec of its own (RENAME) each has flags of its own.</summary>
    public KeyUses KeyFlags { get; init; }

    /// <summary>
    /// Tells the flags of the keys of one call where they depend on its options ("variable_flags"); null where they do
    /// not.
    /// </summary>
    public Func<ArgumentList, KeyUses>? FindKeyFlags { get; init; }

    /// <summary>What COMMAND INFO notes about the flags of the key spec; empty for nothing.</summary>
    public string KeyNotes { get; init; } = "";

    /// <summary>
    /// What COMMAND INFO says of keys whose places cannot be described: notes and flags (as <see cref="KeyFlags"/>), in
    /// this order behind the keys that have places.
    /// </summary>
    public (string Notes, KeyUses Flags)[] UnplacedKeys { get; init; } = [];

    /// <summary>
    /// What COMMAND INFO says of keys behind words among the options: the word, the position from which on it is looked for,
    /// and flags. They are found by <see cref="FindKeys"/>.
    /// </summary>
    public (string Word, int From, KeyUses Flags)[] KeywordKeys { get; init; } = [];

    /// <summary>Hints for clients in COMMAND INFO, for example "request_policy:multi_shard".</summary>
    public string[] Tips { get; init; } = [];

    /// <summary>ACL categories beyond those that follow from the flags, for example "string".</summary>
    public AclCategories AclCategories { get; init; }

    /// <summary>The ACL categories, those that follow from the flags included.</summary>
    public AclCategories AllCategories
    {
        get
        {
            var all = AclCategories | AclCategories.Of((Flags & CommandFlags.Fast) != 0 ? "fast" : "slow");
            if ((Flags & CommandFlags.Write) != 0) all |= AclCategories.Of("write");
            if ((Flags & CommandFlags.ReadOnly) != 0 && !all.Contains("scripting")) all |= AclCategories.Of("read");
            if ((Flags & CommandFlags.Admin) != 0) all |= AclCategories.Of("admin", "dangerous");
            if ((Flags & CommandFlags.PubSub) != 0) all |= AclCategories.Of("pubsub");
            if ((Flags & CommandFlags.Blocking) != 0) all |= AclCategories.Of("blocking");
            return all;
        }
    }

    /// <summary>The group in COMMAND DOCS: string, generic, connection, server, cluster, transactions.</summary>
    public string Group { get; init; } = "generic";

    /// <summary>One line that says what it does.</summary>
    public required string Summary { get; init; }

    /// <summary>The version of Redis that had it first.</summary>
    public string Since { get; init; } = "1.0.0";

    /// <summary>Subcommands of a container, as they were written: without the HELP that the command table adds.</summary>
    public IReadOnlyList<CommandRow> Subcommands { get; init; } = [];

    /// <summary>The container of a subcommand; set by the command table.</summary>
    public CommandRow? Container { get; internal set; }

    /// <summary>
    /// Arguments as HELP shows them behind the subcommand's name, for example "&lt;connection-name&gt;"; empty for
    /// none.
    /// </summary>
    public string ArgumentsHelp { get; init; } = "";

    /// <summary>Name with the container's, as in "client|list".</summary>
    public string FullName => Container is null ? Name : Container.Name + "|" + Name;

    /// <summary>Executed at once even after MULTI, instead of being queued.</summary>
    public bool RunsAtOnceInTransaction { get; init; }

    /// <summary>Executes what MULTI has queued: the gate and the locks are those of the queue, too.</summary>
    public bool Executes { get; init; }

    /// <summary>
    /// Runs a script, by its source or by its hash: what it will do nobody knows, so that it is held back as a write is, and it may
    /// need every stripe.
    /// </summary>
    public ScriptForm Script { get; init; }

    /// <summary>What ASKING said still holds for the command behind this one.</summary>
    public bool KeepsAsking { get; init; }

    /// <summary>
    /// Works on the keys that are here while their slot is on the move (MIGRATE): it is not sent elsewhere because of those that
    /// are not.
    /// </summary>
    public bool StaysWithMovingSlot { get; init; }

    /// <summary>A subscriber may send it where replies and messages cannot be told apart (RESP2).</summary>
    public bool IsForSubscribers { get; init; }

    /// <summary>Refused like a write while the data set cannot be saved (stop-writes-on-bgsave-error).</summary>
    public bool IsRefusedWhenMisconfigured { get; init; }

    /// <summary>Takes no longer than a command with the flag fast, as a rule, though it lacks that.</summary>
    public bool IsAsGoodAsFast { get; init; }

    /// <summary>Takes a short time as a rule.</summary>
    internal bool IsShort { get; private set; }

    /// <summary>Place in <see cref="CommandTable.All"/>, subcommands counted; set by the command table.</summary>
    internal int Ordinal { get; set; }

    /// <summary>The subcommands with the HELP that the command table adds.</summary>
    internal IReadOnlyList<CommandRow> AllSubcommands { get; set; } = [];

    /// <summary>
    /// Position of the key when there is always exactly one and the locks are its stripe's; otherwise 0.
    /// </summary>
    internal int SingleKey { get; private set; }

    /// <summary>
    /// Position of the first of two neighbouring keys when each call has just these and the locks are their stripes';
    /// otherwise 0.
    /// </summary>
    internal int KeyPair { get; private set; }

    /// <summary>
    /// Position of the key of a call with so many arguments when it has just one and the locks are its stripe's; otherwise
    /// 0.
    /// </summary>
    internal int SingleKeyIn(int count)
    {
        if (SingleKey > 0 || !_mayHaveOneKey) return SingleKey;
        var last = count + Keys.Last;
        return Keys.First <= last && last < Keys.First + Keys.Step ? Keys.First : 0;
    }

    /// <summary>What stands in the places of keys are shard channels, which only share the keys' slots.</summary>
    internal bool NamesChannels { get; private set; }

    /// <summary>Computes what follows from the row; the command table calls it once the row is complete.</summary>
    internal void Complete()
    {
        var areSimple = FindKeys is null && KeyCountAt == 0 && TouchesUnknownKeys is null && Locks == LockMode.Keys && Keys.First > 0;
        SingleKey = areSimple && Keys.First == Keys.Last ? Keys.First : 0;
        KeyPair = areSimple && Keys.Last == Keys.First + 1 && Keys.Step == 1 ? Keys.First : 0;
        _mayHaveOneKey = areSimple && Keys.Last < 0;
        IsShort = IsAsGoodAsFast || (Flags & CommandFlags.Fast) != 0;
        NamesChannels = (KeyFlags[0] & KeyFlag.NotKey) != 0;
    }

    /// <summary>The executor holds every stripe while a call with these arguments runs.</summary>
    internal bool TakesEverything(ArgumentList arguments) =>
        Locks == LockMode.All || (TouchesUnknownKeys is { } touches && touches(arguments));

    /// <summary>Finds subcommands; set by the command table.</summary>
    internal CommandIndex? SubcommandIndex { get; set; }

    /// <summary>
    /// Finds the positions of the keys of a call of this command; false when the arguments are malformed.
    /// </summary>
    internal bool TryFindKeys(ArgumentList arguments, List<int> positions)
    {
        if (FindKeys is { } find) return find(arguments, positions);
        var (first, last, step) = Keys;
        if (first == 0) return KeyCountAt == 0 || TryCountKeys(arguments, positions);
        if (last < 0) last += arguments.Count;
        for (var position = first; position <= last && position < arguments.Count; position += step) positions.Add(position);
        return KeyCountAt == 0 || TryCountKeys(arguments, positions);
    }

    private bool TryCountKeys(ArgumentList arguments, List<int> positions)
    {
        if (KeyCountAt >= arguments.Count) return false;
        var isNumber = ArgumentParser.TryInteger(arguments[KeyCountAt], out long count);
        if (!isNumber || count < 1 || count >= arguments.Count - KeyCountAt) return false;
        for (var position = KeyCountAt + 1; position <= KeyCountAt + count; position++) positions.Add(position);
        return true;
    }
}
