namespace Starling.Bench.SideBySide;

/// <summary>
/// The rows for hashes, sets, sorted sets, streams, bitmaps and HyperLogLogs: small collections of ten elements, medium
/// ones of a hundred (Redis's listpacks where it has them), large ones of a thousand.
/// </summary>
internal static class TypeLoads
{
    private const int Small = KeyRange.SmallElements;
    private const int Medium = KeyRange.MediumElements;
    private const int Large = KeyRange.LargeElements;

    /// <summary>
    /// What fills the collections, how many of them there are (0: as many as lists) and how many elements each gets.
    /// </summary>
    public static IReadOnlyList<(string Text, int Collections, int Elements)> Families { get; } =
    [
        ("HSET h{c} f{d} {v}", 0, Small),
        ("HSET H{e} f{g} {v}", KeyRange.Large, Large),
        ("HSET i{c} f{d} 1", 0, Small),
        ("SADD s{c} m{d}", 0, Small),
        ("SADD v{c} m{d}", 0, Medium),
        ("SADD S{e} m{g}", KeyRange.Large, Large),
        ("SADD u{c} 1{d:4}", 0, Small),
        ("SADD U{c} 1{d:4}", 0, Medium),
        ("ZADD z{c} {d} m{d}", 0, Small),
        ("ZADD j{c} {d} m{d}", 0, Medium),
        ("ZADD Z{e} {g} m{g}", KeyRange.Large, Large),
        ("XADD t{c} * field {v}", 0, Small),
        ("XADD M{c} * field {v}", 0, Medium),
        ("XADD T{e} * field {v}", KeyRange.Large, Large),
        ("XGROUP DESTROY M{c} g ; XGROUP CREATE M{c} g 0", 0, 1),
        ("XREADGROUP GROUP g c COUNT 20 STREAMS M{c} >", 0, 1),
        ("GEOADD O{c} {f} {f} m{d}", 0, Small),
        ("GEOADD o{e} {f} {f} m{g}", KeyRange.Large, Large),
        ("SETBIT b{c} 1{d:2} 1", 0, Small),
        ("SETBIT B{e} 8{g:4} 1", KeyRange.Large, Large),
        ("PFADD w{c} m{d}", 0, Small),
        ("PFADD W{e} m{g}", KeyRange.Large, Large),
        ("RPUSH N{c} 1{d:4}", 0, Small),
        ("RPUSH K{c} 1{d:4}", 0, Medium),
    ];

    /// <summary>The rows.</summary>
    public static IReadOnlyList<CommandLoad> All { get; } =
    [
        .. Hashes,
        .. Sets,
        .. SetAlgebra,
        .. SortedSets,
        .. SortedSetAlgebra,
        .. Streams,
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
        new("HGETALL-large", "HGETALL H{x}"),
        new("HKEYS", "HKEYS h{l}"),
        new("HLEN", "HLEN h{l}"),
        new("HEXISTS", "HEXISTS h{l} f{f}"),
        new("HINCRBY", "HINCRBY i{l} f{f} 1"),
        new("HDEL", "HDEL H{e} d{s}", "HSET H{e} d{s} {v}"),
        new("HRANDFIELD", "HRANDFIELD h{l}"),
        new("HRANDFIELD-large", "HRANDFIELD H{x}"),
        new("HSCAN", "HSCAN h{l} 0"),
        new("HSCAN-large", "HSCAN H{x} 0"),
    ];

    private static CommandLoad[] Sets =>
    [
        new("SADD", "SADD s{l} m{f}"),
        new("SADD-large", "SADD S{x} m{b}"),
        new("SADD-numbers", "SADD u{l} 1{f:4}"),
        new("SISMEMBER", "SISMEMBER s{l} m{f}"),
        new("SISMEMBER-100", "SISMEMBER v{l} m{h}"),
        new("SISMEMBER-large", "SISMEMBER S{x} m{b}"),
        new("SISMEMBER-numbers", "SISMEMBER U{l} 1{h:4}"),
        new("SMISMEMBER", "SMISMEMBER s{l} m{f} m{f} m{f}"),
        new("SCARD", "SCARD s{l}"),
        new("SMEMBERS", "SMEMBERS s{l}"),
        new("SMEMBERS-large", "SMEMBERS S{x}"),
        new("SRANDMEMBER", "SRANDMEMBER s{l}"),
        new("SRANDMEMBER-large", "SRANDMEMBER S{x}"),
        new("SREM", "SREM r{c} m{s}", "SADD r{c} m{s}"),
        new("SPOP", "SPOP r{c}", "SADD r{c} m{s}"),
        new("SSCAN", "SSCAN s{l} 0"),
        new("SSCAN-large", "SSCAN S{x} 0"),
    ];

    private static CommandLoad[] SetAlgebra =>
    [
        new("SINTER", "SINTER s{l} s{l}"),
        new("SINTER-100", "SINTER v{l} v{l}"),
        new("SINTER-numbers", "SINTER U{l} U{l}"),
        new("SINTER-large", "SINTER S{x} S{x}"),
        new("SINTERCARD-100", "SINTERCARD 2 v{l} v{l}"),
        new("SINTERCARD-large", "SINTERCARD 2 S{x} S{x}"),
        new("SUNION", "SUNION s{l} u{l}"),
        new("SUNION-100", "SUNION v{l} v{l}"),
        new("SDIFF-100", "SDIFF v{l} s{l}"),
        new("SINTERSTORE", "SINTERSTORE J{l} s{l} s{l}"),
        new("SINTERSTORE-100", "SINTERSTORE J{l} v{l} v{l}"),
        new("SUNIONSTORE", "SUNIONSTORE J{l} s{l} s{l}"),
        new("SUNIONSTORE-100", "SUNIONSTORE J{l} v{l} s{l}"),
        new("SUNIONSTORE-numbers", "SUNIONSTORE J{l} U{l} u{l}"),
        new("SUNIONSTORE-large", "SUNIONSTORE J{x} S{x} S{x}"),
        new("SDIFFSTORE-100", "SDIFFSTORE J{l} v{l} s{l}"),
    ];

    private static CommandLoad[] SortedSets =>
    [
        new("ZADD", "ZADD z{l} {f} m{f}"),
        new("ZADD-100", "ZADD j{l} {h} m{h}"),
        new("ZADD-large", "ZADD Z{x} {b} m{b}"),
        new("ZINCRBY", "ZINCRBY z{l} 1 m{f}"),
        new("ZINCRBY-100", "ZINCRBY j{l} 1 m{h}"),
        new("ZINCRBY-large", "ZINCRBY Z{x} 1 m{b}"),
        new("ZSCORE", "ZSCORE z{l} m{f}"),
        new("ZSCORE-100", "ZSCORE j{l} m{h}"),
        new("ZSCORE-large", "ZSCORE Z{x} m{b}"),
        new("ZMSCORE", "ZMSCORE z{l} m{f} m{f} m{f}"),
        new("ZRANK", "ZRANK z{l} m{f}"),
        new("ZRANK-large", "ZRANK Z{x} m{b}"),
        new("ZCARD", "ZCARD z{l}"),
        new("ZRANGE", "ZRANGE z{l} 0 9"),
        new("ZRANGE-scores", "ZRANGE z{l} 0 9 WITHSCORES"),
        new("ZRANGE-large", "ZRANGE Z{x} 500 509 WITHSCORES"),
        new("ZREVRANGE-100", "ZREVRANGE j{l} 0 9"),
        new("ZRANGEBYSCORE", "ZRANGEBYSCORE z{l} {f} +inf"),
        new("ZRANGEBYSCORE-large", "ZRANGEBYSCORE Z{x} {b} +inf LIMIT 0 10"),
        new("ZCOUNT", "ZCOUNT Z{x} 100 {b}"),
        new("ZREM", "ZREM y{c} m{s}", "ZADD y{c} {s} m{s}"),
        new("ZPOPMIN", "ZPOPMIN y{c}", "ZADD y{c} {s} m{s}"),
        new("ZPOPMIN-large", "ZPOPMIN Y{e}", "ZADD Y{e} {s} m{s}"),
        new("ZSCAN", "ZSCAN z{l} 0"),
        new("GEOADD", "GEOADD O{l} {f} {f} m{f}"),
        new("GEODIST", "GEODIST o{x} m{b} m{b}"),
        new("GEOSEARCH", "GEOSEARCH O{l} FROMLONLAT 3 3 BYRADIUS 500 km ASC"),
        new("GEOSEARCH-large", "GEOSEARCH o{x} FROMLONLAT {f} {f} BYRADIUS 1 km COUNT 10"),
    ];

    private static CommandLoad[] SortedSetAlgebra =>
    [
        new("ZINTER", "ZINTER 2 z{l} z{l}"),
        new("ZUNION", "ZUNION 2 z{l} z{l} WITHSCORES"),
        new("ZDIFF", "ZDIFF 2 z{l} s{l}"),
        new("ZDIFF-100", "ZDIFF 2 j{l} z{l}"),
        new("ZINTERSTORE", "ZINTERSTORE G{l} 2 z{l} z{l}"),
        new("ZINTERSTORE-100", "ZINTERSTORE G{l} 2 j{l} j{l}"),
        new("ZINTERSTORE-large", "ZINTERSTORE G{x} 2 Z{x} Z{x}"),
        new("ZUNIONSTORE", "ZUNIONSTORE G{l} 2 z{l} z{l}"),
        new("ZUNIONSTORE-100", "ZUNIONSTORE G{l} 2 j{l} j{l}"),
        new("ZUNIONSTORE-large", "ZUNIONSTORE G{x} 2 Z{x} Z{x}"),
        new("ZRANGESTORE", "ZRANGESTORE G{l} z{l} 0 -1"),
        new("ZRANGESTORE-large", "ZRANGESTORE G{x} Z{x} 0 -1"),
    ];

    private static CommandLoad[] Streams =>
    [
        new("XADD", "XADD t{l} * field {v}"),
        new("XADD-MAXLEN", "XADD T{x} MAXLEN ~ 1000 * field {v}"),
        new("XLEN", "XLEN t{l}"),
        new("XRANGE", "XRANGE M{l} - + COUNT 10"),
        new("XRANGE-100", "XRANGE M{l} - +"),
        new("XREVRANGE", "XREVRANGE M{l} + - COUNT 10"),
        new("XREAD", "XREAD COUNT 10 STREAMS M{l} 0"),
        new("XREADGROUP", "XREADGROUP GROUP g c COUNT 10 STREAMS M{l} 0"),
        new("XACK", "XACK M{l} g 1-1"),
        new("XPENDING", "XPENDING M{l} g - + 10"),
        new("XAUTOCLAIM", "XAUTOCLAIM M{l} g d 0 0 COUNT 10"),
        new("XDEL", "XDEL D{s} 1-1", "DEL D{s} ; XADD D{s} 1-1 field {v} ; XADD D{s} 1-2 field {v}"),
        new("XTRIM", "XTRIM D{s} MAXLEN 1", "DEL D{s} ; XADD D{s} 1-1 field {v} ; XADD D{s} 1-2 field {v}"),
    ];

    private static CommandLoad[] Others =>
    [
        new("SETBIT", "SETBIT b{l} 1{f:2} 1"),
        new("GETBIT", "GETBIT b{l} 1{f:2}"),
        new("BITCOUNT", "BITCOUNT k{r}"),
        new("BITCOUNT-large", "BITCOUNT B{x}"),
        new("BITPOS", "BITPOS B{x} 1"),
        new("BITOP", "BITOP AND X{l} k{r} k{r}"),
        new("BITOP-large", "BITOP XOR X{x} B{x} B{x}"),
        new("BITFIELD", "BITFIELD k{r} GET u8 0 GET i16 #1"),
        new("PFADD", "PFADD w{l} m{f}"),
        new("PFADD-large", "PFADD W{x} m{b}"),
        new("PFCOUNT", "PFCOUNT w{l}"),
        new("PFCOUNT-2", "PFCOUNT w{l} w{l}"),
        new("PFMERGE", "PFMERGE V{e} w{l} w{l}"),
        new("SORT", "SORT N{l}"),
        new("SORT-100", "SORT K{l} DESC"),
        new("SORT-GET", "SORT N{l} BY nosort GET k00000*"),
        new("SORT-ALPHA", "SORT s{l} ALPHA"),
    ];
}
