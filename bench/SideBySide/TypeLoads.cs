namespace Starling.Bench.SideBySide;

/// <summary>
/// The rows for hashes, sets, sorted sets, streams, bitmaps and HyperLogLogs: small collections of ten elements, large
/// ones of a thousand.
/// </summary>
internal static class TypeLoads
{
    /// <summary>What fills the collections, and whether it fills the large ones.</summary>
    public static IReadOnlyList<(string Text, bool IsLarge)> Families { get; } =
    [
        ("HSET h{c} f{d} {v}", false),
        ("HSET H{e} f{g} {v}", true),
        ("HSET i{c} f{d} 1", false),
        ("SADD s{c} m{d}", false),
        ("SADD S{e} m{g}", true),
        ("SADD u{c} {d}", false),
        ("ZADD z{c} {d} m{d}", false),
        ("ZADD Z{e} {g} m{g}", true),
        ("XADD t{c} * field {v}", false),
        ("XADD T{e} * field {v}", true),
        ("GEOADD o{e} {f} {f} m{g}", true),
        ("SETBIT b{c} {d} 1", false),
        ("PFADD w{c} m{d}", false),
    ];

    /// <summary>The rows.</summary>
    public static IReadOnlyList<CommandLoad> All { get; } =
    [
        .. Hashes,
        .. Sets,
        .. SortedSets,
        .. Others,
    ];

    private static CommandLoad[] Hashes =>
    [
        new("HSET", "HSET h{l} f{f} {v}"),
        new("HSET-large", "HSET H{x} f{b} {v}"),
        new("HGET", "HGET h{l} f{f}"),
        new("HGET-large", "HGET H{x} f{b}"),
        new("HMGET-3", "HMGET h{l} f{f} f{f} f{f}"),
        new("HGETALL", "HGETALL h{l}"),
        new("HKEYS", "HKEYS h{l}"),
        new("HLEN", "HLEN h{l}"),
        new("HEXISTS", "HEXISTS h{l} f{f}"),
        new("HINCRBY", "HINCRBY i{l} f{f} 1"),
        new("HDEL", "HDEL H{e} d{s}", "HSET H{e} d{s} {v}"),
        new("HRANDFIELD", "HRANDFIELD H{x}"),
        new("HSCAN", "HSCAN h{l} 0"),
    ];

    private static CommandLoad[] Sets =>
    [
        new("SADD", "SADD s{l} m{f}"),
        new("SADD-large", "SADD S{x} m{b}"),
        new("SADD-numbers", "SADD u{l} {f}"),
        new("SISMEMBER", "SISMEMBER s{l} m{f}"),
        new("SISMEMBER-large", "SISMEMBER S{x} m{b}"),
        new("SCARD", "SCARD s{l}"),
        new("SMEMBERS", "SMEMBERS s{l}"),
        new("SRANDMEMBER", "SRANDMEMBER S{x}"),
        new("SREM", "SREM r{c} m{s}", "SADD r{c} m{s}"),
        new("SPOP", "SPOP r{c}", "SADD r{c} m{s}"),
        new("SINTER", "SINTER s{l} s{l}"),
        new("SINTERCARD-large", "SINTERCARD 2 S{x} S{x}"),
        new("SUNION", "SUNION s{l} u{l}"),
        new("SSCAN", "SSCAN S{x} 0"),
    ];

    private static CommandLoad[] SortedSets =>
    [
        new("ZADD", "ZADD z{l} {f} m{f}"),
        new("ZADD-large", "ZADD Z{x} {b} m{b}"),
        new("ZINCRBY", "ZINCRBY Z{x} 1 m{b}"),
        new("ZSCORE", "ZSCORE z{l} m{f}"),
        new("ZSCORE-large", "ZSCORE Z{x} m{b}"),
        new("ZRANK-large", "ZRANK Z{x} m{b}"),
        new("ZCARD", "ZCARD z{l}"),
        new("ZRANGE", "ZRANGE z{l} 0 9"),
        new("ZRANGE-large", "ZRANGE Z{x} 500 509 WITHSCORES"),
        new("ZRANGEBYSCORE", "ZRANGEBYSCORE Z{x} {b} +inf LIMIT 0 10"),
        new("ZCOUNT", "ZCOUNT Z{x} 100 {b}"),
        new("ZREM", "ZREM y{c} m{s}", "ZADD y{c} {s} m{s}"),
        new("ZPOPMIN", "ZPOPMIN y{c}", "ZADD y{c} {s} m{s}"),
        new("GEODIST", "GEODIST o{x} m{b} m{b}"),
        new("GEOSEARCH", "GEOSEARCH o{x} FROMLONLAT {f} {f} BYRADIUS 1 km COUNT 10"),
    ];

    private static CommandLoad[] Others =>
    [
        new("XADD", "XADD t{l} * field {v}"),
        new("XADD-MAXLEN", "XADD T{x} MAXLEN ~ 1000 * field {v}"),
        new("XLEN", "XLEN t{l}"),
        new("XRANGE", "XRANGE t{l} - + COUNT 10"),
        new("XREAD", "XREAD COUNT 10 STREAMS t{l} 0"),
        new("SETBIT", "SETBIT b{l} {f} 1"),
        new("GETBIT", "GETBIT b{l} {f}"),
        new("BITCOUNT", "BITCOUNT k{r}"),
        new("BITFIELD", "BITFIELD k{r} GET u8 0 GET i16 #1"),
        new("PFADD", "PFADD w{l} m{f}"),
        new("PFCOUNT", "PFCOUNT w{l}"),
    ];
}
