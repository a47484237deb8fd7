using Starling.Node.Tests.Replication;

namespace Starling.Node.Tests.Serving;

public sealed class ClientFilterTests
{
    private static readonly string[] Scenarios =
    [
        "CLIENT TRACKINGINFO; CLIENT GETREDIR; CLIENT CACHING YES; CLIENT CACHING foo; CLIENT TRACKING OFF; CLIENT TRACKING foo; CLIENT TRACKING OFF BCAST",
        "HELLO 3 SETNAME x; CLIENT TRACKINGINFO; CLIENT TRACKING; CLIENT CACHING; CLIENT GETREDIR x; CLIENT TRACKINGINFO x",
        "CLIENT UNBLOCK 1 foo; CLIENT UNBLOCK abc; CLIENT UNBLOCK 999 TIMEOUT; CLIENT UNBLOCK; CLIENT UNBLOCK 1 TIMEOUT x; CLIENT NO-EVICT foo",
        "CLIENT LIST ID; CLIENT LIST ID abc; CLIENT LIST ID 9999; CLIENT LIST TYPE; CLIENT LIST TYPE foo; CLIENT LIST TYPE master; CLIENT LIST FOO BAR",
        "CLIENT LIST ID 9999 TYPE normal; CLIENT LIST TYPE normal ID 1; CLIENT LIST TYPE pubsub; CLIENT LIST TYPE slave; CLIENT LIST TYPE Replica",
        "CLIENT KILL; CLIENT KILL foo; CLIENT KILL 1.2.3.4:5; CLIENT KILL ID abc; CLIENT KILL ID; CLIENT KILL ID 9999; CLIENT KILL ID 0",
        "CLIENT KILL ADDR 1:1 LADDR 1:1; CLIENT KILL USER foo; CLIENT KILL USER default SKIPME foo; CLIENT KILL TYPE foo; CLIENT KILL FOO BAR",
        "CLIENT KILL SKIPME yes ID 9999; CLIENT KILL SKIPME yes TYPE pubsub; CLIENT KILL SKIPME yes; CLIENT KILL TYPE master; CLIENT KILL TYPE replica ID 1",
        "MODULE; MODULE LIST; MODULE LIST x; MODULE LOAD; MODULE LOAD /a; MODULE LOADEX /a; MODULE LOADEX /a CONFIG x; MODULE UNLOAD x; MODULE FOO; MODULE HELP",
        "LOLWUT VERSION abc; COMMAND COUNT x; COMMAND LIST FILTERBY; COMMAND LIST FILTERBY MODULE x; COMMAND LIST FILTERBY ACLCAT foo; COMMAND DOCS foo",
        "COMMAND INFO foo; COMMAND INFO slowlog|get slowlog|foo; COMMAND GETKEYS; COMMAND GETKEYS GET a; COMMAND GETKEYS foo a; COMMAND GETKEYS PING a",
        "COMMAND GETKEYSANDFLAGS SORT a STORE b; COMMAND GETKEYSANDFLAGS SET a b GET; COMMAND GETKEYSANDFLAGS ZUNIONSTORE d 2 a b; COMMAND GETKEYS MSET a b c d",
        "COMMAND GETKEYSANDFLAGS BLMOVE a b LEFT RIGHT 0; COMMAND GETKEYSANDFLAGS MIGRATE h 1 k 0 1; COMMAND GETKEYS XREAD STREAMS a b 0 0; COMMAND FOO",
    ];

    public static TheoryData<string> All => [.. Scenarios];

    [Theory]
    [MemberData(nameof(All))]
    public void Replies_are_those_of_redis_server(string scenario)
    {
        using var redis = new RedisNode();
        using var starling = new StarlingNode();
        foreach (var command in scenario.Split("; "))
        {
            var words = command.Split(' ');
            var expected = redis.Client.Command(words).ToString();
            var actual = starling.Client.Command(words).ToString();
            if (words[0] != "HELLO") Assert.Equal(command + " " + expected, command + " " + actual);
        }
    }

    [Fact]
    public async Task CLIENT_KILL_MAXAGE_closes_who_is_older()
    {
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        await using var server = TestServer.Start(clock: clock);
        var old = await server.ConnectAsync();
        await old.CallAsync("PING");
        clock.Advance(TimeSpan.FromSeconds(100));
        var young = await server.ConnectAsync();
        await young.CallAsync("PING");
        clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal("(integer) 0", await young.TextAsync("CLIENT", "KILL", "MAXAGE", "111"));
        Assert.Equal("(integer) 0", await young.TextAsync("CLIENT", "KILL", "MAXAGE", "9223372036854775807"));
        Assert.Equal("(integer) 1", await young.TextAsync("CLIENT", "KILL", "MAXAGE", "110"));
        await old.WaitForCloseAsync();
        Assert.Equal("(integer) 0", await young.TextAsync("CLIENT", "KILL", "MAXAGE", "1"));
        Assert.Equal("(error) ERR maxage should be greater than 0", await young.TextAsync("CLIENT", "KILL", "MAXAGE", "0"));
        Assert.Equal("(error) ERR maxage is not an integer or out of range", await young.TextAsync("CLIENT", "KILL", "MAXAGE", "x"));
        Assert.Equal("(integer) 1", await young.TextAsync("CLIENT", "KILL", "MAXAGE", "1", "SKIPME", "no"));
        await young.WaitForCloseAsync();
    }

    [Fact]
    public void LOLWUT_names_the_version()
    {
        using var node = new StarlingNode();
        Assert.Equal($"Redis ver. {node.Client.Info("server")["redis_version"]}\n", node.Text("LOLWUT"));
        Assert.Equal(node.Text("LOLWUT"), node.Text("LOLWUT", "VERSION", "5", "1", "2", "3"));
    }
}
