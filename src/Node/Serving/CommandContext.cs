using Starling.Resp;
using Starling.Slots.Keyspace;

namespace Starling.Node.Serving;

/// <summary>
/// What a handler works with: arguments, keyspace, reply, and the declarations of what it did. One per session, reused from command
/// to command; nothing in it may be kept beyond the handler.
/// </summary>
public sealed class CommandContext
{
    /// <summary>Makes the context of a session.</summary>
    public CommandContext(NodeServer server, ClientSession session, RespWriter reply)
    {
        Server = server;
        Session = session;
        Reply = reply;
    }

    /// <summary>The server.</summary>
    public NodeServer Server { get; }

    /// <summary>Who called.</summary>
    public ClientSession Session { get; }

    /// <summary>Gets the reply; a handler writes exactly one.</summary>
    public RespWriter Reply { get; }

    /// <summary>The row of the command (of the subcommand, if it has one).</summary>
    public Command Command { get; internal set; } = null!;

    /// <summary>The arguments, the command's name first.</summary>
    public ArgumentList Arguments { get; internal set; } = new();

    /// <summary>Number of arguments, the command's name included.</summary>
    public int Count => Arguments.Count;

    /// <summary>One argument; aliases the receive buffer.</summary>
    public ReadOnlySpan<byte> this[int index] => Arguments[index];

    /// <summary>The time of this command in milliseconds of Unix time; the same throughout a command and throughout EXEC.</summary>
    public long Now { get; internal set; }

    /// <summary>The selected database.</summary>
    public Database Database => Server.Keyspace[Session.DatabaseIndex];

    /// <summary>The keyspace.</summary>
    public Keyspace Keyspace => Server.Keyspace;

    /// <summary>The key at an argument position, with slot and hash.</summary>
    public Key Key(int index) => Server.Keyspace.Key(Arguments[index]);

    /// <summary>
    /// Finds a key for reading. An expired key is absent: on a master it is deleted and its DEL goes to the log; on a replica it stays
    /// until the master's DEL comes. Counts keyspace hits and misses and stamps the access clock (unless CLIENT NO-TOUCH).
    /// </summary>
    public bool TryRead(in Key key, out Entry entry) => throw new NotSupportedException();

    /// <summary>Finds a key for changing it; as <see cref="TryRead(in Key, out Entry)"/> without the counting of hits and misses.</summary>
    public bool TryWrite(in Key key, out Entry entry) => throw new NotSupportedException();

    /// <summary>As <see cref="TryWrite(in Key, out Entry)"/>, in another database.</summary>
    public bool TryWrite(Database database, in Key key, out Entry entry) => throw new NotSupportedException();

    /// <summary>Seconds modulo 2^24: what <see cref="Database.SetString"/> wants as access clock.</summary>
    public uint AccessClock => (uint)(Now / 1000) & 0xFFFFFF;

    /// <summary>
    /// Declares that a key of the selected database changed: counts it for save points, fails the transactions that watch it, and
    /// makes the command go to the replication log as it was called, unless <see cref="BeginEffect"/> or <see cref="SuppressEffect"/> say otherwise.
    /// </summary>
    public void Changed(in Key key) => throw new NotSupportedException();

    /// <summary>As <see cref="Changed(in Key)"/>, in another database.</summary>
    public void Changed(Database database, in Key key) => throw new NotSupportedException();

    /// <summary>
    /// Declares that whole databases changed (FLUSHALL, SWAPDB): counts <paramref name="changes"/> and fails the transactions that watch
    /// keys of <paramref name="database"/> (every database when null).
    /// </summary>
    public void ChangedAll(Database? database, long changes) => throw new NotSupportedException();

    /// <summary>
    /// Begins a command that goes to the replication log instead of the call itself. May be called several times; the effects go
    /// out together (in MULTI/EXEC when there are several). Deterministic: absolute times, no randomness.
    /// </summary>
    /// <param name="argumentCount">Number of arguments, the name included; that many calls of <see cref="EffectArgument(ReadOnlySpan{byte})"/> follow.</param>
    public void BeginEffect(int argumentCount) => throw new NotSupportedException();

    /// <summary>One argument of the effect begun last.</summary>
    public void EffectArgument(ReadOnlySpan<byte> argument) => throw new NotSupportedException();

    /// <summary>One argument of the effect begun last, as decimal digits.</summary>
    public void EffectArgument(long argument) => throw new NotSupportedException();

    /// <summary>Nothing of this call goes to the replication log.</summary>
    public void SuppressEffect() => throw new NotSupportedException();

    /// <summary>
    /// Holds back the client: its next commands wait until the suspension ends. The handler has written no reply; whoever ends it does.
    /// </summary>
    /// <param name="deadline">Milliseconds of Unix time after which it ends by itself; 0 for never.</param>
    /// <param name="onEnd">Writes the reply; called once, on any thread, under no stripe.</param>
    public Suspension Suspend(long deadline, Action<RespWriter, SuspensionEnd> onEnd) =>
        throw new NotSupportedException($"{deadline} {onEnd}");
}
