namespace Starling.Executable.Tests;

/// <summary>Commands that work on a value of the key "v", by its type: reads, writes, and what changes its encoding.</summary>
internal static class PayloadUses
{
    /// <summary>What is done to a value, by the answer to TYPE.</summary>
    public static readonly Dictionary<string, string[][]> ByType = new(StringComparer.Ordinal)
    {
        ["string"] = [["GET", "v"], ["APPEND", "v", "x"], ["SETRANGE", "v", "3", "yy"], ["PFCOUNT", "v"], ["PFADD", "v", "a"], ["BITCOUNT", "v"]],
        ["list"] = [["LRANGE", "v", "0", "-1"], ["LPUSH", "v", "a"], ["LINSERT", "v", "AFTER", "a", "b"], ["LREM", "v", "0", "b"], ["RPOP", "v", "2"]],
        ["set"] =
        [
            ["SMEMBERS", "v"], ["SSCAN", "v", "0"], ["SADD", "v", "7", "new"], ["SREM", "v", "new"], ["SRANDMEMBER", "v", "-5"],
            ["SUNION", "v", "v"], ["SPOP", "v", "2"],
        ],
        ["hash"] =
        [
            ["HGETALL", "v"], ["HSCAN", "v", "0"], ["HSET", "v", "new", "1"], ["HINCRBY", "v", "new", "3"], ["HRANDFIELD", "v", "-5", "WITHVALUES"],
            ["HDEL", "v", "new", "w1", "a"],
        ],
        ["zset"] =
        [
            ["ZRANGE", "v", "0", "-1", "WITHSCORES"], ["ZSCAN", "v", "0"], ["ZADD", "v", "3.25", "new"], ["ZRANK", "v", "new"],
            ["ZINCRBY", "v", "-1", "m1"], ["ZCOUNT", "v", "-inf", "+inf"], ["ZPOPMIN", "v", "2"], ["ZREMRANGEBYSCORE", "v", "1", "3"],
        ],
        ["stream"] =
        [
            ["XRANGE", "v", "-", "+"], ["XREVRANGE", "v", "+", "-"], ["XINFO", "STREAM", "v", "FULL"], ["XADD", "v", "*", "a", "b"],
            ["XPENDING", "v", "g"], ["XREADGROUP", "GROUP", "g", "alice", "STREAMS", "v", "0"], ["XREADGROUP", "GROUP", "g", "c", "STREAMS", "v", ">"],
            ["XAUTOCLAIM", "v", "g", "c", "0", "0"], ["XDEL", "v", "2-0"], ["XTRIM", "v", "MAXLEN", "3"],
        ],
    };
}
