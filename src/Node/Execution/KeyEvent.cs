namespace Starling.Node.Execution;

/// <summary>What happened to a key, in the words of Redis's keyspace notifications.</summary>
/// <remarks>https://redis.io/docs/latest/develop/use/keyspace-notifications lists which command raises which.</remarks>
public sealed class KeyEvent
{
    private KeyEvent(string name, KeyEventClasses eventClass)
    {
        Name = name;
        Class = eventClass;
    }

    /// <summary>The name that subscribers see, for example "lpush".</summary>
    public string Name { get; }

    /// <summary>The class by which <c>notify-keyspace-events</c> chooses it.</summary>
    public KeyEventClasses Class { get; }

    /// <summary>A key was deleted: by a command, or because its value had become empty.</summary>
    public static KeyEvent Del { get; } = new("del", KeyEventClasses.Generic);

    /// <summary>A key was deleted because its time had come.</summary>
    public static KeyEvent Expired { get; } = new("expired", KeyEventClasses.Expired);

    /// <summary>A key was deleted because memory was short.</summary>
    public static KeyEvent Evicted { get; } = new("evicted", KeyEventClasses.Evicted);

    /// <summary>A key came to be.</summary>
    public static KeyEvent New { get; } = new("new", KeyEventClasses.New);

    /// <summary>A key was read that is not there.</summary>
    public static KeyEvent Miss { get; } = new("keymiss", KeyEventClasses.Miss);

    /// <summary>A key got an expiry, or another one.</summary>
    public static KeyEvent Expire { get; } = new("expire", KeyEventClasses.Generic);

    /// <summary>A key lost its expiry.</summary>
    public static KeyEvent Persist { get; } = new("persist", KeyEventClasses.Generic);

    /// <summary>The name that a key had before RENAME.</summary>
    public static KeyEvent RenameFrom { get; } = new("rename_from", KeyEventClasses.Generic);

    /// <summary>The name that a key has after RENAME.</summary>
    public static KeyEvent RenameTo { get; } = new("rename_to", KeyEventClasses.Generic);

    /// <summary>The database that a key left by MOVE.</summary>
    public static KeyEvent MoveFrom { get; } = new("move_from", KeyEventClasses.Generic);

    /// <summary>The database that a key came to by MOVE.</summary>
    public static KeyEvent MoveTo { get; } = new("move_to", KeyEventClasses.Generic);

    /// <summary>The key that COPY made.</summary>
    public static KeyEvent CopyTo { get; } = new("copy_to", KeyEventClasses.Generic);

    /// <summary>A key came by RESTORE.</summary>
    public static KeyEvent Restore { get; } = new("restore", KeyEventClasses.Generic);

    /// <summary>A string was set.</summary>
    public static KeyEvent Set { get; } = new("set", KeyEventClasses.String);

    /// <summary>A part of a string was overwritten.</summary>
    public static KeyEvent SetRange { get; } = new("setrange", KeyEventClasses.String);

    /// <summary>Bits of a string were set or cleared.</summary>
    public static KeyEvent SetBit { get; } = new("setbit", KeyEventClasses.String);

    /// <summary>Elements were added to a HyperLogLog.</summary>
    public static KeyEvent PfAdd { get; } = new("pfadd", KeyEventClasses.String);

    /// <summary>A HyperLogLog is held in another way, or knows its cardinality now: nobody is told.</summary>
    public static KeyEvent PfRewritten { get; } = new("pfrewritten", KeyEventClasses.None);

    /// <summary>A string got longer at its end.</summary>
    public static KeyEvent Append { get; } = new("append", KeyEventClasses.String);

    /// <summary>An integer was added to a string.</summary>
    public static KeyEvent IncrBy { get; } = new("incrby", KeyEventClasses.String);

    /// <summary>A floating-point number was added to a string.</summary>
    public static KeyEvent IncrByFloat { get; } = new("incrbyfloat", KeyEventClasses.String);

    /// <summary>Elements came to the head of a list.</summary>
    public static KeyEvent LPush { get; } = new("lpush", KeyEventClasses.List);

    /// <summary>Elements came to the tail of a list.</summary>
    public static KeyEvent RPush { get; } = new("rpush", KeyEventClasses.List);

    /// <summary>Elements left the head of a list.</summary>
    public static KeyEvent LPop { get; } = new("lpop", KeyEventClasses.List);

    /// <summary>Elements left the tail of a list.</summary>
    public static KeyEvent RPop { get; } = new("rpop", KeyEventClasses.List);

    /// <summary>An element was put beside another one.</summary>
    public static KeyEvent LInsert { get; } = new("linsert", KeyEventClasses.List);

    /// <summary>An element was replaced.</summary>
    public static KeyEvent LSet { get; } = new("lset", KeyEventClasses.List);

    /// <summary>Elements of one value were removed from a list.</summary>
    public static KeyEvent LRem { get; } = new("lrem", KeyEventClasses.List);

    /// <summary>A list was cut to a range.</summary>
    public static KeyEvent LTrim { get; } = new("ltrim", KeyEventClasses.List);

    /// <summary>What SORT has found became a list.</summary>
    public static KeyEvent SortStore { get; } = new("sortstore", KeyEventClasses.List);

    /// <summary>Fields of a hash were set.</summary>
    public static KeyEvent HSet { get; } = new("hset", KeyEventClasses.Hash);

    /// <summary>Fields of a hash were deleted.</summary>
    public static KeyEvent HDel { get; } = new("hdel", KeyEventClasses.Hash);

    /// <summary>An integer was added to a field of a hash.</summary>
    public static KeyEvent HIncrBy { get; } = new("hincrby", KeyEventClasses.Hash);

    /// <summary>A floating-point number was added to a field of a hash.</summary>
    public static KeyEvent HIncrByFloat { get; } = new("hincrbyfloat", KeyEventClasses.Hash);

    /// <summary>Fields of a hash got an expiry, or another one.</summary>
    public static KeyEvent HExpire { get; } = new("hexpire", KeyEventClasses.Hash);

    /// <summary>Fields of a hash lost their expiry.</summary>
    public static KeyEvent HPersist { get; } = new("hpersist", KeyEventClasses.Hash);

    /// <summary>Fields of a hash were deleted because their time had come.</summary>
    public static KeyEvent HExpired { get; } = new("hexpired", KeyEventClasses.Hash);

    /// <summary>Members came to a sorted set, or got other scores.</summary>
    public static KeyEvent ZAdd { get; } = new("zadd", KeyEventClasses.SortedSet);

    /// <summary>Something was added to the score of a member.</summary>
    public static KeyEvent ZIncr { get; } = new("zincr", KeyEventClasses.SortedSet);

    /// <summary>Members were removed from a sorted set.</summary>
    public static KeyEvent ZRem { get; } = new("zrem", KeyEventClasses.SortedSet);

    /// <summary>A range of ranks was removed from a sorted set.</summary>
    public static KeyEvent ZRemRangeByRank { get; } = new("zremrangebyrank", KeyEventClasses.SortedSet);

    /// <summary>A range of scores was removed from a sorted set.</summary>
    public static KeyEvent ZRemRangeByScore { get; } = new("zremrangebyscore", KeyEventClasses.SortedSet);

    /// <summary>A range of members was removed from a sorted set.</summary>
    public static KeyEvent ZRemRangeByLex { get; } = new("zremrangebylex", KeyEventClasses.SortedSet);

    /// <summary>The members with the lowest scores left a sorted set.</summary>
    public static KeyEvent ZPopMin { get; } = new("zpopmin", KeyEventClasses.SortedSet);

    /// <summary>The members with the highest scores left a sorted set.</summary>
    public static KeyEvent ZPopMax { get; } = new("zpopmax", KeyEventClasses.SortedSet);

    /// <summary>A range of a sorted set became one.</summary>
    public static KeyEvent ZRangeStore { get; } = new("zrangestore", KeyEventClasses.SortedSet);

    /// <summary>A union became a sorted set.</summary>
    public static KeyEvent ZUnionStore { get; } = new("zunionstore", KeyEventClasses.SortedSet);

    /// <summary>An intersection became a sorted set.</summary>
    public static KeyEvent ZInterStore { get; } = new("zinterstore", KeyEventClasses.SortedSet);

    /// <summary>A difference became a sorted set.</summary>
    public static KeyEvent ZDiffStore { get; } = new("zdiffstore", KeyEventClasses.SortedSet);

    /// <summary>What GEOSEARCHSTORE has found became a sorted set.</summary>
    public static KeyEvent GeoSearchStore { get; } = new("geosearchstore", KeyEventClasses.SortedSet);

    /// <summary>What GEORADIUS or GEORADIUSBYMEMBER has found became a sorted set.</summary>
    public static KeyEvent GeoRadiusStore { get; } = new("georadiusstore", KeyEventClasses.SortedSet);

    /// <summary>Members came to a set.</summary>
    public static KeyEvent SAdd { get; } = new("sadd", KeyEventClasses.Set);

    /// <summary>Members were removed from a set.</summary>
    public static KeyEvent SRem { get; } = new("srem", KeyEventClasses.Set);

    /// <summary>Members that chance chose left a set.</summary>
    public static KeyEvent SPop { get; } = new("spop", KeyEventClasses.Set);

    /// <summary>An intersection of sets was stored.</summary>
    public static KeyEvent SInterStore { get; } = new("sinterstore", KeyEventClasses.Set);

    /// <summary>A union of sets was stored.</summary>
    public static KeyEvent SUnionStore { get; } = new("sunionstore", KeyEventClasses.Set);

    /// <summary>A difference of sets was stored.</summary>
    public static KeyEvent SDiffStore { get; } = new("sdiffstore", KeyEventClasses.Set);

    /// <summary>
    /// No event, and no news for who watches the key: what consumer groups keep about entries has changed. It counts for
    /// save points and goes to replicas.
    /// </summary>
    public static KeyEvent Bookkeeping { get; } = new("", KeyEventClasses.None);

    /// <summary>An entry came to a stream.</summary>
    public static KeyEvent XAdd { get; } = new("xadd", KeyEventClasses.Stream);

    /// <summary>Entries of a stream were deleted.</summary>
    public static KeyEvent XDel { get; } = new("xdel", KeyEventClasses.Stream);

    /// <summary>The oldest entries of a stream went.</summary>
    public static KeyEvent XTrim { get; } = new("xtrim", KeyEventClasses.Stream);

    /// <summary>A stream got another last id.</summary>
    public static KeyEvent XSetId { get; } = new("xsetid", KeyEventClasses.Stream);

    /// <summary>A consumer group was made.</summary>
    public static KeyEvent XGroupCreate { get; } = new("xgroup-create", KeyEventClasses.Stream);

    /// <summary>A consumer came to a group.</summary>
    public static KeyEvent XGroupCreateConsumer { get; } = new("xgroup-createconsumer", KeyEventClasses.Stream);

    /// <summary>A consumer of a group went.</summary>
    public static KeyEvent XGroupDelConsumer { get; } = new("xgroup-delconsumer", KeyEventClasses.Stream);

    /// <summary>A consumer group went.</summary>
    public static KeyEvent XGroupDestroy { get; } = new("xgroup-destroy", KeyEventClasses.Stream);

    /// <summary>A consumer group got another last id.</summary>
    public static KeyEvent XGroupSetId { get; } = new("xgroup-setid", KeyEventClasses.Stream);

    /// <inheritdoc/>
    public override string ToString() => Name;
}
