using static Starling.Node.Config.Row;

namespace Starling.Node.Config;

/// <summary>Directives about memory, expiry and the encodings of values.</summary>
internal static class DataDirectives
{
    public static readonly Directive[] Rows =
    [
        PendingNumber("maxmemory", 0, ulong.MaxValue, 0, NumberFormat.Memory),
        PendingChoice(
            "maxmemory-policy",
            "noeviction",
            immutable: false,
            "volatile-lru",
            "volatile-lfu",
            "volatile-random",
            "volatile-ttl",
            "allkeys-lru",
            "allkeys-lfu",
            "allkeys-random",
            "noeviction"),
        PendingNumber("maxmemory-samples", 1, 64, 5),
        PendingNumber("maxmemory-eviction-tenacity", 0, 100, 10),
        PendingNumber("lfu-log-factor", 0, LargestInt, 10),
        PendingNumber("lfu-decay-time", 0, LargestInt, 1),
        PendingNumber("active-expire-effort", 1, 10, 1),
        PendingFlag("lazyfree-lazy-eviction", false),
        new BooleanDirective("lazyfree-lazy-expire", In(c => c.LazyFreeLazyExpire, (c, v) => c.LazyFreeLazyExpire = v)),
        new BooleanDirective("lazyfree-lazy-server-del", In(c => c.LazyFreeLazyServerDel, (c, v) => c.LazyFreeLazyServerDel = v)),
        new BooleanDirective("lazyfree-lazy-user-del", In(c => c.LazyFreeLazyUserDel, (c, v) => c.LazyFreeLazyUserDel = v)),
        new BooleanDirective("lazyfree-lazy-user-flush", In(c => c.LazyFreeLazyUserFlush, (c, v) => c.LazyFreeLazyUserFlush = v)),
        PendingFlag("activerehashing", true),
        new BooleanDirective("activedefrag", In(c => c.ActiveDefrag, (c, v) => c.ActiveDefrag = v)),
        new NumberDirective(
            "active-defrag-ignore-bytes",
            In(c => c.ActiveDefragIgnoreBytes, (c, v) => c.ActiveDefragIgnoreBytes = v),
            1,
            LargestLong,
            NumberFormat.Memory),
        new NumberDirective(
            "active-defrag-threshold-lower",
            In(c => c.ActiveDefragThresholdLower, (c, v) => c.ActiveDefragThresholdLower = v),
            0,
            1000,
            NumberFormat.Integer),
        new NumberDirective(
            "active-defrag-threshold-upper",
            In(c => c.ActiveDefragThresholdUpper, (c, v) => c.ActiveDefragThresholdUpper = v),
            0,
            1000,
            NumberFormat.Integer),
        new NumberDirective(
            "active-defrag-cycle-min",
            In(c => c.ActiveDefragCycleMin, (c, v) => c.ActiveDefragCycleMin = v),
            1,
            99,
            NumberFormat.Integer),
        new NumberDirective(
            "active-defrag-cycle-max",
            In(c => c.ActiveDefragCycleMax, (c, v) => c.ActiveDefragCycleMax = v),
            1,
            99,
            NumberFormat.Integer),
        PendingNumber("active-defrag-max-scan-fields", 1, LargestLong, 1000),

        new NumberDirective(
            "hash-max-listpack-entries",
            In(c => c.HashMaxListpackEntries, (c, v) => c.HashMaxListpackEntries = v),
            0,
            LargestLong,
            NumberFormat.Integer)
        {
            Aliases = ["hash-max-ziplist-entries"],
        },
        new NumberDirective(
            "hash-max-listpack-value",
            In(c => c.HashMaxListpackValue, (c, v) => c.HashMaxListpackValue = v),
            0,
            LargestLong,
            NumberFormat.Memory)
        {
            Aliases = ["hash-max-ziplist-value"],
        },
        new NumberDirective(
            "list-max-listpack-size",
            In(c => c.ListMaxListpackSize, (c, v) => c.ListMaxListpackSize = v),
            int.MinValue,
            LargestInt,
            NumberFormat.Integer)
        {
            Aliases = ["list-max-ziplist-size"],
        },
        PendingNumber("list-compress-depth", 0, LargestInt, 0),
        PendingNumber("set-max-intset-entries", 0, LargestLong, 512),
        PendingNumber("set-max-listpack-entries", 0, LargestLong, 128),
        PendingNumber("set-max-listpack-value", 0, LargestLong, 64),
        PendingNumber("zset-max-listpack-entries", 0, LargestLong, 128, NumberFormat.Integer, false, false, "zset-max-ziplist-entries"),
        PendingNumber("zset-max-listpack-value", 0, LargestLong, 64, NumberFormat.Memory, false, false, "zset-max-ziplist-value"),
        PendingNumber("hll-sparse-max-bytes", 0, LargestLong, 3000, NumberFormat.Memory),
        PendingNumber("stream-node-max-bytes", 0, LargestLong, 4096, NumberFormat.Memory),
        PendingNumber("stream-node-max-entries", 0, LargestLong, 100),
    ];
}
