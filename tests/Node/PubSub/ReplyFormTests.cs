using System.Text.RegularExpressions;
using Starling.Tests.Support;

namespace Starling.Node.Tests.PubSub;

/// <summary>What subscribers and publishers are sent, beside redis-server: the bytes are to be the same.</summary>
public sealed partial class ReplyFormTests
{
    private static readonly string[] Scenarios =
    [
        "SUBSCRIBE a a b; PSUBSCRIBE p p; SSUBSCRIBE s t; UNSUBSCRIBE a; SUNSUBSCRIBE s; PUNSUBSCRIBE; UNSUBSCRIBE; GET k; SUNSUBSCRIBE; GET k",
        "HELLO 3; SUBSCRIBE a a b; PSUBSCRIBE p p; SSUBSCRIBE s t; UNSUBSCRIBE a; SUNSUBSCRIBE s; PUNSUBSCRIBE; UNSUBSCRIBE; GET k; SUNSUBSCRIBE",
        "UNSUBSCRIBE; PUNSUBSCRIBE; SUNSUBSCRIBE; UNSUBSCRIBE x y; SUNSUBSCRIBE x; PUNSUBSCRIBE x",
        "HELLO 3; UNSUBSCRIBE; PUNSUBSCRIBE; SUNSUBSCRIBE; UNSUBSCRIBE x y; SUNSUBSCRIBE x; PUNSUBSCRIBE x",
        "SUBSCRIBE a; GET k; PING; PING hi; PING a b; CLIENT LIST; MULTI; EXEC; FOO; GET; PUBLISH a b; HELLO 3; RESET; GET k; PING",
        "PSUBSCRIBE a; GET k; PING; UNSUBSCRIBE; PUNSUBSCRIBE; GET k",
        "SSUBSCRIBE a; GET k; PING; SUNSUBSCRIBE; GET k; PING",
        "SUBSCRIBE a; QUIT",
        "HELLO 3; SUBSCRIBE a; PUBLISH a x; GET k; PING; PING hi",
        "HELLO 3; SUBSCRIBE a; PSUBSCRIBE a*; SSUBSCRIBE a; PUBLISH a 1; SPUBLISH a 2; PUBLISH ab 3; PUBLISH b 4",
        "HELLO 3; SUBSCRIBE a; MULTI; PUBLISH a x; PUBLISH a y; EXEC",
        "MULTI; SUBSCRIBE a; PUBLISH a x; GET k; UNSUBSCRIBE; EXEC; PING",
        "MULTI; PSUBSCRIBE a; PUBLISH a x; SPUBLISH a y; UNSUBSCRIBE; EXEC; PING",
        "MULTI; SUBSCRIBE a; EXEC; GET k; RESET; GET k",
        "HELLO 3; MULTI; SUBSCRIBE a; PSUBSCRIBE a; SSUBSCRIBE a; EXEC",
        "CLIENT REPLY OFF; SUBSCRIBE a; PING; UNSUBSCRIBE a; SUBSCRIBE a",
        "HELLO 3; CLIENT REPLY OFF; SUBSCRIBE a; PUBLISH a x; PING; UNSUBSCRIBE a",
        "HELLO 3; CLIENT REPLY SKIP; SUBSCRIBE a; PUBLISH a x; PING; UNSUBSCRIBE a",
        "CLIENT REPLY SKIP; SUBSCRIBE a b; PING",
        "HELLO 3; SUBSCRIBE a; HELLO 2; GET k; HELLO 3; UNSUBSCRIBE a; HELLO 3; SUBSCRIBE a",
        "SUBSCRIBE; PSUBSCRIBE; SSUBSCRIBE; PUBLISH a; PUBLISH a b c; SPUBLISH a; PUBSUB; PUBSUB FOO; PUBSUB NUMPAT x; PUBSUB channels a b; PUBSUB ShardChannels a b",
        "HELLO 3; SUBSCRIBE a; PSUBSCRIBE b; SSUBSCRIBE c; PUBSUB CHANNELS; PUBSUB CHANNELS a*; PUBSUB CHANNELS b; PUBSUB NUMSUB; PUBSUB NUMSUB a b c",
        "HELLO 3; SUBSCRIBE a; PSUBSCRIBE b; SSUBSCRIBE c; PUBSUB SHARDCHANNELS; PUBSUB SHARDCHANNELS a*; PUBSUB SHARDNUMSUB a b c; PUBSUB SHARDNUMSUB; PUBSUB NUMPAT",
        "SUBSCRIBE a; MULTI; UNSUBSCRIBE; MULTI; GET k; EXEC",
        "COMMAND GETKEYS SPUBLISH a b; COMMAND GETKEYSANDFLAGS SSUBSCRIBE a b; COMMAND GETKEYS PUBLISH a b",
        "CLIENT KILL TYPE pubsub SKIPME yes; CLIENT LIST TYPE pubsub",
        "PUBLISH a b; SPUBLISH a b; MULTI; PUBLISH a b; EXEC",
    ];

    public static TheoryData<string> All => [.. Scenarios];

    [Theory]
    [MemberData(nameof(All))]
    public async Task Bytes_equal_those_of_redis_server(string scenario)
    {
        await using var starling = TestServer.Start();
        using var redis = ServerProcess.Start(ServerKind.Redis, "save ");
        var lines = scenario.Split("; ");
        using var expected = new Dialog(redis.Port);
        using var actual = new Dialog(starling.Port);
        Assert.Equal(Normal(expected.Say(lines)), Normal(actual.Say(lines)));
    }

    /// <summary>Without what is the server's own in HELLO's reply.</summary>
    private static string Normal(string bytes) => OwnWords().Replace(bytes, "");

    [GeneratedRegex(@"\$7\r\nversion\r\n\$\d+\r\n[^\r]*\r\n|\$2\r\nid\r\n:\d+\r\n")]
    private static partial Regex OwnWords();
}
