using static Starling.Node.Config.Row;

namespace Starling.Node.Config;

/// <summary>Directives about RDB files and the append-only file.</summary>
internal static class StorageDirectives
{
    private const string NoAppendOnlyFile =
        "appendonly is not supported yet: there is no append-only file, so writes would be less durable than asked for";

    public static readonly Directive[] Rows =
    [
        new SaveDirective(),
        new BooleanDirective("rdbcompression", In(c => c.RdbCompression, (c, v) => c.RdbCompression = v)),
        new BooleanDirective("rdbchecksum", In(c => c.RdbChecksum, (c, v) => c.RdbChecksum = v)) { IsImmutable = true },
        new BooleanDirective(
            "stop-writes-on-bgsave-error",
            In(c => c.StopWritesOnBgsaveError, (c, v) => c.StopWritesOnBgsaveError = v)),
        new TextDirective("dbfilename", In(c => c.DbFilename, (c, v) => c.DbFilename = v))
        {
            IsProtected = true,
            Check = name => name.Contains('/', StringComparison.Ordinal) || name.Contains('\\', StringComparison.Ordinal)
                ? "dbfilename can't be a path, just a filename"
                : null,
        },
        new DirDirective { IsProtected = true, IsDeniedWhileLoading = true },
        PendingFlag("rdb-save-incremental-fsync", true),
        PendingFlag("rdb-del-sync-files", false),
        PendingChoice("sanitize-dump-payload", "no", immutable: false, "no", "yes", "clients"),
        PendingNumber("rdb-key-save-delay", int.MinValue, LargestInt, 0, hidden: true),
        PendingNumber("key-load-delay", int.MinValue, LargestInt, 0, hidden: true),
        PendingNumber("loading-process-events-interval-bytes", 1024, LargestInt, 2 * 1024 * 1024, hidden: true),

        new BooleanDirective("appendonly", new PendingSetting<bool>("appendonly", false)) { RefusedBecause = NoAppendOnlyFile },
        new TextDirective("appendfilename", new PendingSetting<string>("appendfilename", "appendonly.aof"))
        {
            IsImmutable = true,
            Check = name => CheckBaseName(name, "appendfilename", "filename"),
        },
        new TextDirective("appenddirname", new PendingSetting<string>("appenddirname", "appendonlydir"))
        {
            IsImmutable = true,
            Check = name => CheckBaseName(name, "appenddirname", "dirname"),
        },
        PendingChoice("appendfsync", "everysec", immutable: false, "everysec", "always", "no"),
        PendingFlag("no-appendfsync-on-rewrite", false),
        PendingNumber("auto-aof-rewrite-percentage", 0, LargestInt, 100),
        PendingNumber("auto-aof-rewrite-min-size", 0, LargestLong, 64L << 20, NumberFormat.Memory),
        PendingFlag("aof-load-truncated", true),
        PendingFlag("aof-use-rdb-preamble", true),
        PendingFlag("aof-timestamp-enabled", false),
        PendingFlag("aof-rewrite-incremental-fsync", true),
        new BooleanDirective("aof-disable-auto-gc", new PendingSetting<bool>("aof-disable-auto-gc", false)) { IsHidden = true },
    ];

    private static string? CheckBaseName(string name, string directive, string kind)
    {
        if (name.Length == 0) return directive + " can't be empty";
        var isPath = name.Contains('/', StringComparison.Ordinal) || name.Contains('\\', StringComparison.Ordinal);
        return isPath ? $"{directive} can't be a path, just a {kind}" : null;
    }
}
