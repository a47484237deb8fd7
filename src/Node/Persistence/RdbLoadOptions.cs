namespace Starling.Node.Persistence;

/// <summary>How an RDB stream is loaded into the keyspace.</summary>
public sealed class RdbLoadOptions
{
    /// <summary>
    /// Keeps keys whose expiry has passed: a replica leaves them to its master's DEL. A master drops them.
    /// </summary>
    public bool KeepExpired { get; init; }

    /// <summary>
    /// Lets keys of the stream replace keys that are there; otherwise such a key makes the stream invalid.
    /// </summary>
    public bool AllowDuplicates { get; init; }

    /// <summary>
    /// The libraries of functions that are known stay, and those of the stream come to them, in the place of those of the same names where
    /// <see cref="AllowDuplicates"/> says so; otherwise those of the stream take the place of all.
    /// </summary>
    public bool KeepsLibraries { get; init; }

    /// <summary>Length of the stream in bytes for progress in INFO; -1 when it is not known.</summary>
    public long Length { get; init; } = -1;

    /// <summary>
    /// The stream comes from a master's socket, not from a file; decides the wording of the log lines.
    /// </summary>
    public bool FromSocket { get; init; }

    /// <summary>
    /// Runs when clients are answered that the server is loading, before the first byte is read. What it throws ends
    /// the load.
    /// </summary>
    public Action? OnBegin { get; init; }

    /// <summary>
    /// Others may have the keys of the stream that are dropped as expired: called before the DEL of each goes to the replication
    /// log, with no stripe held. Null when nobody has them, and nothing goes there.
    /// </summary>
    public Action? BeforeExpired { get; init; }

    /// <summary>
    /// Runs after the load, whether it succeeded or not, while clients are still answered that the server is loading.
    /// </summary>
    public Action<RdbLoadResult>? OnEnd { get; init; }
}
