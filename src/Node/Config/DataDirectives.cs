using static Starling.Node.Config.Row;

namespace Starling.Node.Config;

/// <summary>Directives about memory, expiry and the encodings of values.</summary>
internal static class DataDirectives
{
    public static readonly Directive[] Rows =
    [
        new NumberDirective(
            "maxmemory",
            In(c => c.MaxMemory, (c, v) => c.MaxMemory = v),
            0,
            ulong.MaxValue,
            NumberFormat.Memory),
        new ChoiceDirective(
            "maxmemory-policy",
            In(c => c.MaxMemoryPolicy, (c, v) => c.MaxMemoryPolicy = v),
            "volatile-lru",
            "volatile-lfu",
            "volatile-random",
            "volatile-ttl",
            "allkeys-lru",
            "allkeys-lfu",
            "allkeys-random",
            "noeviction"),
        Number("maxmemory-samples", In(c => c.MaxMemorySamples, (c, v) => c.MaxMemorySamples = v), 1, 64),
        Number(
            "maxmemory-eviction-tenacity",
            In(c => c.MaxMemoryEvictionTenacity, (c, v) => c.MaxMemoryEvictionTenacity = v),
            0,
            100),
        Number("lfu-log-factor", In(c => c.LfuLogFactor, (c, v) => c.LfuLogFactor = v), 0, LargestInt),
        Number("lfu-decay-time", In(c => c.LfuDecayTime, (c, v) => c.LfuDecayTime = v), 0, LargestInt),
        PendingNumber("active-expire-effort", 1, 10, 1),
        new BooleanDirective("lazyfree-lazy-eviction", In(c => c.LazyFreeLazyEviction, (c, v) => c.LazyFreeLazyEviction = v)),
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
        Elements("set-max-intset-entries", In(c => c.SetMaxIntsetEntries, (c, v) => c.SetMaxIntsetEntries = v)),
        Elements("set-max-listpack-entries", In(c => c.SetMaxListpackEntries, (c, v) => c.SetMaxListpackEntries = v)),
        Elements("set-max-listpack-value", In(c => c.SetMaxListpackValue, (c, v) => c.SetMaxListpackValue = v)),
        Elements(
            "zset-max-listpack-entries",
            In(c => c.SortedSetMaxListpackEntries, (c, v) => c.SortedSetMaxListpackEntries = v),
            "zset-max-ziplist-entries"),
        Bytes(
            "zset-max-listpack-value",
            In(c => c.SortedSetMaxListpackValue, (c, v) => c.SortedSetMaxListpackValue = v),
            "zset-max-ziplist-value"),
        Bytes("hll-sparse-max-bytes", In(c => c.HllSparseMaxBytes, (c, v) => c.HllSparseMaxBytes = v)),
        Bytes("stream-node-max-bytes", In(c => c.StreamNodeMaxBytes, (c, v) => c.StreamNodeMaxBytes = v)),
        Elements("stream-node-max-entries", In(c => c.StreamNodeMaxEntries, (c, v) => c.StreamNodeMaxEntries = v)),
    ];

    private static NumberDirective Elements(string name, Setting<long> setting, params string[] aliases) =>
        new(name, setting, 0, LargestLong, NumberFormat.Integer) { Aliases = aliases };

    private static NumberDirective Bytes(string name, Setting<long> setting, params string[] aliases) =>
        new(name, setting, 0, LargestLong, NumberFormat.Memory) { Aliases = aliases };

    private static NumberDirective Number(string name, Setting<long> setting, long lowest, long highest) =>
        new(name, setting, lowest, highest, NumberFormat.Integer);
}
