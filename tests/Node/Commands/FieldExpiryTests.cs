using System.Globalization;
using Microsoft.Extensions.Time.Testing;

namespace Starling.Node.Tests.Commands;

/// <summary>Fields of hashes that expire.</summary>
public sealed class FieldExpiryTests
{
    [Theory]
    [InlineData("512")]
    [InlineData("0")]
    public async Task Expiries_are_set_under_conditions_told_and_removed(string entries)
    {
        await using var server = TestServer.Start();
        using var client = new RawConnection(server.Port);
        client.Call("CONFIG", "SET", "hash-max-listpack-entries", entries);
        client.Call("HSET", "h", "a", "1", "b", "2", "c", "3");
        string Call(string command) => Plain(client.Call(command.Split(' ')));
        Assert.Equal("*2[:1 :-2]", Call("HPEXPIREAT h 20000000000000 FIELDS 2 a x"));
        Assert.Equal("*2[:0 :1]", Call("HPEXPIREAT h 30000000000000 NX FIELDS 2 a b"));
        Assert.Equal("*3[:1 :0 :0]", Call("HPEXPIREAT h 25000000000000 GT FIELDS 3 a b c"));
        Assert.Equal("*3[:0 :1 :1]", Call("HPEXPIREAT h 25000000000000 LT FIELDS 3 a b c"));
        Assert.Equal("*2[:1 :1]", Call("HEXPIREAT h 26000000000 XX FIELDS 2 a c"));
        Assert.Equal("*3[:26000000000000 :25000000000000 :26000000000000]", Call("HPEXPIRETIME h FIELDS 3 a b c"));
        Assert.Equal("*2[:26000000000 :-2]", Call("HEXPIRETIME h FIELDS 2 a x"));
        Assert.Equal("*3[:1 :-2 :1]", Call("HPERSIST h FIELDS 3 a x b"));
        Assert.Equal("*1[:-1]", Call("HPERSIST h FIELDS 1 a"));
        Assert.Equal("*1[:-1]", Call("HTTL h FIELDS 1 a"));
        Assert.Equal("*1[:1]", Call("HEXPIRE h 100 FIELDS 1 a"));
        Assert.Equal("*1[:100]", Call("HTTL h FIELDS 1 a"));
        Assert.Equal("*1[:1]", Call("HPEXPIRE h 100000 FIELDS 1 a"));
        Assert.InRange(client.Call("HPTTL", "h", "FIELDS", "1", "a").Items[0].Number, 1, 100_000);
        Assert.Equal("*1[:2]", Call("HEXPIRE h 0 FIELDS 1 a"));
        Assert.Equal("*2[:2 :2]", Call("HPEXPIREAT h 1 FIELDS 2 b c"));
        Assert.Equal(":0", Call("EXISTS h"));
        Assert.Equal("*1[:-2]", Call("HTTL h FIELDS 1 a"));
        Assert.Equal("*1[:-2]", Call("HEXPIRE h 10 FIELDS 1 a"));
        Assert.Equal("*1[:-2]", Call("HPERSIST h FIELDS 1 a"));
    }

    [Theory]
    [InlineData("HEXPIRE h 10 FIELDS 0 a", "ERR Parameter `numFields` should be greater than 0")]
    [InlineData("HEXPIRE h 10 FIELDS x a", "ERR Parameter `numFields` should be greater than 0")]
    [InlineData("HEXPIRE h 10 FIELDS 2 a", "ERR The `numfields` parameter must match the number of arguments")]
    [InlineData("HEXPIRE h 10 NX a 1 a", "ERR Mandatory argument FIELDS is missing or not at the right position")]
    [InlineData("HEXPIRE h -1 FIELDS 1 a", "ERR invalid expire time, must be >= 0")]
    [InlineData("HEXPIRE h x FIELDS 1 a", "ERR value is not an integer or out of range")]
    [InlineData("HEXPIRE h 281474976711 FIELDS 1 a", "ERR invalid expire time in 'hexpire' command")]
    [InlineData("HPEXPIREAT h 281474976710655 FIELDS 1 a", "ERR invalid expire time in 'hpexpireat' command")]
    [InlineData("HPEXPIRE h 1 FIELDS", "ERR wrong number of arguments for 'hpexpire' command")]
    [InlineData("HTTL h FIELDS 0 a", "ERR Number of fields must be a positive integer")]
    [InlineData("HTTL h FELDS 1 a", "ERR Mandatory argument FIELDS is missing or not at the right position")]
    [InlineData("HPTTL h FIELDS 2 a", "ERR The `numfields` parameter must match the number of arguments")]
    [InlineData("HPERSIST h FIELDS 0 a", "ERR Number of fields must be a positive integer")]
    [InlineData("HEXPIRETIME s FIELDS 1 a", "WRONGTYPE Operation against a key holding the wrong kind of value")]
    [InlineData("HPEXPIRETIME s x 1 a", "WRONGTYPE Operation against a key holding the wrong kind of value")]
    [InlineData("HGETDEL h FIELDS 2 a", "ERR The `numfields` parameter must match the number of arguments")]
    [InlineData("HGETEX h EX 10 FELDS 1 a", "ERR Mandatory argument FIELDS is missing or not at the right position")]
    [InlineData("HGETEX h EX -1 FIELDS 1 a", "ERR invalid expire time, must be >= 0")]
    [InlineData("HGETEX h FIELDS x a", "ERR Number of fields must be a positive integer")]
    [InlineData("HSETEX h FIELDS 0 a b", "ERR invalid number of fields")]
    [InlineData("HSETEX h FIELDS 2 a b", "ERR wrong number of arguments for 'hsetex' command")]
    [InlineData("HSETEX h NX FIELDS 1 a b", "ERR unknown argument: NX")]
    [InlineData("HSETEX h FNX FXX FIELDS 1 a b", "ERR Only one of FXX or FNX arguments can be specified")]
    [InlineData("HSETEX h EX 1 KEEPTTL FIELDS 1 a b", "ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified")]
    [InlineData("HSETEX h FNX FNX2 PX EXAT PX", "ERR unknown argument: FNX2")]
    public async Task Wrong_arguments_are_refused(string command, string error)
    {
        await using var server = TestServer.Start();
        using var client = new RawConnection(server.Port);
        client.CallAll([["HSET", "h", "a", "1"], ["SET", "s", "x"]]);
        var reply = client.Call(command.Split(' '));
        Assert.Equal(('-', error), (reply.Type, reply.Text));
    }

    [Theory]
    [InlineData("512")]
    [InlineData("0")]
    public async Task Fields_are_got_and_set_together_with_their_expiries(string entries)
    {
        await using var server = TestServer.Start();
        using var client = new RawConnection(server.Port);
        client.Call("CONFIG", "SET", "hash-max-listpack-entries", entries);
        string Call(string command) => Plain(client.Call(command.Split(' ')));
        Assert.Equal(":0", Call("HSETEX h FXX FIELDS 1 a 1"));
        Assert.Equal(":1", Call("HSETEX h FNX PXAT 20000000000000 FIELDS 2 a 1 b 2"));
        Assert.Equal(":0", Call("HSETEX h FNX FIELDS 2 c 3 b 2"));
        Assert.Equal(":1", Call("HSETEX h KEEPTTL FIELDS 2 a 5 c 3"));
        Assert.Equal("*3[:20000000000000 :20000000000000 :-1]", Call("HPEXPIRETIME h FIELDS 3 a b c"));
        Assert.Equal(":1", Call("HSETEX h FXX EXAT 30000000000 FIELDS 2 a 6 b 7"));
        Assert.Equal("*2[:30000000000 :30000000000]", Call("HEXPIRETIME h FIELDS 2 a b"));
        Assert.Equal(":0", Call("HSET h a 8"));
        Assert.Equal("*1[:-1]", Call("HTTL h FIELDS 1 a"));
        Assert.Equal("*3[$8 $(null) $3]", Call("HGETEX h FIELDS 3 a x c"));
        Assert.Equal("*2[$8 $3]", Call("HGETEX h PXAT 40000000000000 FIELDS 2 a c"));
        Assert.Equal("*1[$7]", Call("HGETEX h PERSIST FIELDS 1 b"));
        Assert.Equal("*3[:40000000000000 :-1 :40000000000000]", Call("HPEXPIRETIME h FIELDS 3 a b c"));
        Assert.Equal("*2[$8 $(null)]", Call("HGETDEL h FIELDS 2 a a"));
        Assert.Equal("*1[$3]", Call("HGETEX h PX 0 FIELDS 1 c"));
        Assert.Equal(":1", Call("HLEN h"));
        Assert.Equal(":1", Call("HSETEX h PX 0 FIELDS 1 b 9"));
        Assert.Equal(":0", Call("EXISTS h"));
        Assert.Equal("*1[$(null)]", Call("HGETDEL h FIELDS 1 a"));
        Assert.Equal(":1", Call("HSETEX h EX 100 FIELDS 1 a 1"));
        Assert.Equal("*1[$1]", Call("HGETDEL h FIELDS 1 a"));
        Assert.Equal(":0", Call("EXISTS h"));
    }

    [Theory]
    [InlineData("512", 20)]
    [InlineData("0", 5000)]
    public async Task Expired_fields_are_not_seen_and_then_go_with_an_hdel(string entries, int count)
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(50));
        await using var server = TestServer.Start(config => config.EnableDebugCommand = "yes", clock: clock);
        using var client = new RawConnection(server.Port);
        client.Call("CONFIG", "SET", "hash-max-listpack-entries", entries);
        client.Call("DEBUG", "SET-ACTIVE-EXPIRE", "0");
        client.Call(["HSET", "h", .. Enumerable.Range(0, count).SelectMany(i => new[] { $"f{i}", $"v{i}" })]);
        client.Call(["HEXPIRE", "h", "10", "FIELDS", Text(count - 1), .. Enumerable.Range(1, count - 1).Select(i => $"f{i}")]);
        client.Call("HSET", "gone", "f", "v");
        client.Call("HPEXPIRE", "gone", "10000", "FIELDS", "1", "f");
        using var replica = new ReplicaStream(server.Port);
        Assert.Equal(2 * count, client.Call("HGETALL", "h").Items.Count);
        clock.Advance(TimeSpan.FromSeconds(12));
        Assert.Equal("*2[$f0 $v0]", Plain(client.Call("HGETALL", "h")));
        Assert.Equal("*1[$f0]", Plain(client.Call("HKEYS", "h")));
        Assert.Null(client.Call("HGET", "h", "f1").Text);
        Assert.Equal("$f0", Plain(client.Call("HRANDFIELD", "h")));
        Assert.Equal("*1[$f0]", Plain(client.Call("HRANDFIELD", "h", "5")));
        Assert.Equal(1, client.Call("HSETNX", "h", "f2", "new").Number);
        Assert.Equal(7, client.Call("HINCRBY", "h", "f3", "7").Number);
        client.Call("DEBUG", "SET-ACTIVE-EXPIRE", "1");
        clock.Advance(TimeSpan.FromSeconds(1));
        await WaitAsync(clock, () => client.Call("HLEN", "h").Number == 3 && client.Call("EXISTS", "gone").Number == 0);
        Assert.Equal("$new", Plain(client.Call("HGET", "h", "f2")));
        client.Call("SET", "end", "marker");
        var stream = replica.ReadTo("marker");
        var deleted = stream.Where(x => x[0] == "HDEL").SelectMany(x => x.Skip(2).Select(field => (Key: x[1], Field: field))).ToList();
        Assert.Equal(count, deleted.Count);
        Assert.Equal(count, deleted.Distinct().Count());
        Assert.Contains(("gone", "f"), deleted);
        Assert.DoesNotContain(stream, x => x[0] is "DEL" or "UNLINK");
        Assert.Contains($"expired_subkeys:{count}\r\n", client.Call("INFO", "stats").Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_goes_to_replicas_is_absolute()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddSeconds(1_000_000));
        await using var server = TestServer.Start(clock: clock);
        using var client = new RawConnection(server.Port);
        using var replica = new ReplicaStream(server.Port);
        client.CallAll(
        [
            ["HSET", "h", "a", "1", "b", "2"], ["HEXPIRE", "h", "10", "FIELDS", "2", "a", "x"],
            ["HPEXPIRE", "h", "500", "NX", "FIELDS", "2", "a", "b"], ["HSETEX", "h", "EX", "5", "FIELDS", "1", "c", "3"],
            ["HGETEX", "h", "EX", "7", "FIELDS", "1", "c"], ["HGETEX", "h", "PERSIST", "FIELDS", "2", "c", "x"],
            ["HPERSIST", "h", "FIELDS", "1", "a"], ["HPERSIST", "h", "FIELDS", "1", "a"], ["HGETDEL", "h", "FIELDS", "1", "c"],
            ["HPEXPIREAT", "h", "1", "FIELDS", "2", "a", "y"], ["SET", "end", "marker"],
        ]);
        var stream = replica.ReadTo("marker").Where(x => x[0] != "SELECT").Select(x => string.Join(' ', x));
        Assert.Equal(
            [
                "HSET h a 1 b 2", "HPEXPIREAT h 1000010000 FIELDS 1 a", "HPEXPIREAT h 1000000500 FIELDS 1 b",
                "HSETEX h PXAT 1000005000 FIELDS 1 c 3", "HPEXPIREAT h 1000007000 FIELDS 1 c", "HPERSIST h FIELDS 2 c x",
                "HPERSIST h FIELDS 1 a", "HDEL h c", "HDEL h a",
            ],
            stream);
    }

    private static async Task WaitAsync(FakeTimeProvider clock, Func<bool> condition)
    {
        await Eventually.True(() =>
        {
            clock.Advance(TimeSpan.FromMilliseconds(100));
            return condition();
        });
    }

    private static string Plain(RawReply reply) => reply.ToString().Replace("\"", "", StringComparison.Ordinal);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
