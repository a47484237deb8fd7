using System.Collections.Concurrent;
using Starling.Node.Execution;

namespace Starling.Node.Tests.Execution;

/// <summary>Which keyspace events a command records, as redis-server raises them.</summary>
public sealed class KeyEventTests
{
    private readonly ConcurrentQueue<string> _events = new();

    [Theory]
    [InlineData("SET k v", "set k")]
    [InlineData("SET k v EX 100", "set k, expire k")]
    [InlineData("SETEX k 100 v", "set k, expire k")]
    [InlineData("SETNX k v", "set k")]
    [InlineData("SETNX old v", "")]
    [InlineData("GETSET old v", "set old")]
    [InlineData("MSET a 1 b 2", "set a, set b")]
    [InlineData("APPEND old x", "append old")]
    [InlineData("SETRANGE old 1 x", "setrange old")]
    [InlineData("INCR n", "incrby n")]
    [InlineData("DECRBY n 5", "incrby n")]
    [InlineData("INCRBYFLOAT n 1.5", "incrbyfloat n")]
    [InlineData("DEL old missing", "del old")]
    [InlineData("UNLINK old", "del old")]
    [InlineData("GETDEL old", "del old")]
    [InlineData("GETEX old EX 100", "expire old")]
    [InlineData("GETEX temporary PERSIST", "persist temporary")]
    [InlineData("GETEX old EXAT 1", "del old")]
    [InlineData("EXPIRE old 100", "expire old")]
    [InlineData("EXPIRE old -1", "del old")]
    [InlineData("PERSIST temporary", "persist temporary")]
    [InlineData("PERSIST old", "")]
    [InlineData("RENAME old new", "rename_from old, rename_to new")]
    [InlineData("COPY old new", "copy_to new")]
    [InlineData("MOVE old 1", "move_from old, move_to old")]
    [InlineData("GET old", "")]
    [InlineData("ZADD z 1 a", "zadd z")]
    [InlineData("ZADD zset 1 m1", "")]
    [InlineData("ZINCRBY zset 1 m1", "zincr zset")]
    [InlineData("ZREM zset m1", "zrem zset")]
    [InlineData("ZREM zset m1 m2", "zrem zset, del zset")]
    [InlineData("ZREMRANGEBYRANK zset 0 0", "zremrangebyrank zset")]
    [InlineData("ZREMRANGEBYSCORE zset 1 9", "zremrangebyscore zset, del zset")]
    [InlineData("ZREMRANGEBYLEX zset - +", "zremrangebylex zset, del zset")]
    [InlineData("ZPOPMIN zset", "zpopmin zset")]
    [InlineData("ZPOPMAX zset 2", "zpopmax zset, del zset")]
    [InlineData("BZMPOP 0 1 zset MIN", "zpopmin zset")]
    [InlineData("ZRANGESTORE z zset 0 0", "zrangestore z")]
    [InlineData("ZRANGESTORE zset zset 5 6", "del zset")]
    [InlineData("ZUNIONSTORE z 1 zset", "zunionstore z")]
    [InlineData("ZINTERSTORE z 1 zset", "zinterstore z")]
    [InlineData("ZDIFFSTORE z 1 zset", "zdiffstore z")]
    [InlineData("ZDIFFSTORE zset 2 zset zset", "del zset")]
    [InlineData("GEOADD z 1 1 a", "zadd z")]
    [InlineData("GEOSEARCHSTORE z zset FROMMEMBER m1 BYRADIUS 9 m", "geosearchstore z")]
    [InlineData("GEORADIUSBYMEMBER zset m1 9 m STORE z", "georadiusstore z")]
    [InlineData("SORT list STORE sorted", "sortstore sorted")]
    [InlineData("SORT list STORE old", "sortstore old")]
    [InlineData("SORT list STORE list DESC", "sortstore list")]
    [InlineData("SORT missing STORE old", "del old")]
    [InlineData("SORT missing STORE sorted", "")]
    [InlineData("SORT list", "")]
    [InlineData("SORT_RO list", "")]
    [InlineData("SADD set 1 2 4", "sadd set")]
    [InlineData("SADD set 1 2", "")]
    [InlineData("SREM set 1 5", "srem set")]
    [InlineData("SREM set 1 2 3", "srem set, del set")]
    [InlineData("SREM set 4", "")]
    [InlineData("SPOP set", "spop set")]
    [InlineData("SPOP set 2", "spop set")]
    [InlineData("SPOP set 3", "spop set, del set")]
    [InlineData("SPOP set 0", "")]
    [InlineData("SMOVE set other 1", "srem set, sadd other")]
    [InlineData("SMOVE single set 3", "srem single, del single")]
    [InlineData("SMOVE single set 4", "")]
    [InlineData("SMOVE set set 3", "")]
    [InlineData("SINTERSTORE to set single", "sinterstore to")]
    [InlineData("SINTERSTORE old set missing", "del old")]
    [InlineData("SINTERSTORE to set missing", "")]
    [InlineData("SUNIONSTORE to set missing", "sunionstore to")]
    [InlineData("SDIFFSTORE set set single", "sdiffstore set")]
    [InlineData("SDIFFSTORE set single set", "del set")]
    public async Task A_command_records_its_events(string command, string expected)
    {
        await using var server = Start("KEA");
        var client = await server.ConnectAsync();
        await client.CallAsync("SET", "old", "1");
        await client.CallAsync("SET", "temporary", "1", "EX", "1000");
        await client.CallAsync("RPUSH", "list", "2", "1");
        await client.CallAsync("SADD", "set", "1", "2", "3");
        await client.CallAsync("SADD", "single", "3");
        await client.CallAsync("ZADD", "zset", "1", "m1", "2", "m2");
        _events.Clear();
        await client.CallAsync(command.Split(' '));
        Assert.Equal(expected, string.Join(", ", _events));
    }

    [Fact]
    public async Task A_transaction_records_the_events_of_all_its_commands_in_their_order()
    {
        await using var server = Start("KEA");
        var client = await server.ConnectAsync();
        await client.CallAsync("MULTI");
        await client.CallAsync("SET", "k", "v");
        await client.CallAsync("EXPIRE", "k", "100");
        await client.CallAsync("DEL", "k");
        await client.CallAsync("EXEC");
        Assert.Equal("set k, expire k, del k", string.Join(", ", _events));
    }

    [Fact]
    public async Task A_key_that_expires_records_expired_once_and_not_del()
    {
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        await using var server = TestServer.Start(
            config => config.NotifyKeyspaceEvents = "KEA", clock, prepare: node => node.KeyEvents.ListenWith(Note));
        server.Node.ActiveExpiry.IsEnabled = false;
        var client = await server.ConnectAsync();
        await client.CallAsync("SET", "k", "v", "PX", "10");
        _events.Clear();
        clock.Advance(TimeSpan.FromMilliseconds(11));
        await client.CallAsync("GET", "k");
        Assert.Equal("expired k", string.Join(", ", _events));
    }

    [Fact]
    public async Task Only_chosen_classes_are_recorded_and_none_without_a_channel()
    {
        await using var server = Start("E$");
        var client = await server.ConnectAsync();
        await client.CallAsync("SET", "k", "v", "EX", "100");
        Assert.Equal("set k", string.Join(", ", _events));
        await client.CallAsync("CONFIG", "SET", "notify-keyspace-events", "Kg");
        _events.Clear();
        await client.CallAsync("SET", "k", "v", "EX", "100");
        Assert.Equal("expire k", string.Join(", ", _events));
        await client.CallAsync("CONFIG", "SET", "notify-keyspace-events", "A");
        _events.Clear();
        await client.CallAsync("SET", "k", "v", "EX", "100");
        Assert.Empty(_events);
    }

    [Fact]
    public async Task A_key_that_comes_to_be_is_never_told_of_by_a_scope_that_has_closed()
    {
        await using var server = Start("KEn");
        var node = server.Node;
        var key = node.Keyspace.Key("k"u8);
        var plan = LockPlan.Slot(key.Slot);
        var earlier = node.Executor.NewCall();
        using (node.Executor.Open(earlier, plan))
        {
            // Nothing comes to be.
        }

        node.KeyEvents.Choose("");
        using (node.Executor.Open(node.Executor.NewCall(), plan))
        {
            node.KeyEvents.Choose("KEn"); // too late for this scope
            node.Keyspace[0].SetString(key, "v"u8, Starling.Slots.Keyspace.Entry.NoExpiry, 0);
        }

        using (node.Executor.Open(earlier, plan))
        {
            // This would give on what it has.
        }

        Assert.Empty(_events);
        var client = await server.ConnectAsync();
        await client.CallAsync("SET", "l", "v");
        Assert.Equal("new l", string.Join(", ", _events));
    }

    private TestServer Start(string classes) => TestServer.Start(
        config => config.NotifyKeyspaceEvents = classes, prepare: node => node.KeyEvents.ListenWith(Note));

    private void Note(RecordedEvent recorded) =>
        _events.Enqueue($"{recorded.Event} {System.Text.Encoding.ASCII.GetString(recorded.Key)}");
}
