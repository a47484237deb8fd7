using Starling.Node.Tests.Commands;
using Starling.Node.Tests.Replication;

namespace Starling.Node.Tests.Persistence;

public sealed class FlushAllTests
{
    [Theory]
    [InlineData("")]
    [InlineData("3600 1000")]
    public void FLUSHALL_counts_changes_as_redis_does(string savePoints)
    {
        using var redis = new RedisNode("--save", savePoints);
        using var starling = new StarlingNode("--save", savePoints);
        string[][] script =
        [
            ["SET", "a", "1"], ["SET", "b", "2"], ["FLUSHALL"], ["SET", "c", "3"], ["FLUSHALL", "ASYNC"], ["FLUSHALL"],
            ["MULTI"], ["SET", "d", "4"], ["FLUSHALL"], ["SET", "e", "5"], ["EXEC"], ["FLUSHDB"], ["FLUSHDB"],
        ];
        var isInTransaction = false;
        foreach (var command in script)
        {
            Assert.Equal(redis.Client.Command(command).ToString(), starling.Client.Command(command).ToString());
            if (command[0] is "MULTI" or "EXEC") isInTransaction = !isInTransaction;
            if (isInTransaction) continue;
            Assert.Equal(
                (command[0], redis.Client.Info("persistence").GetValueOrDefault("rdb_changes_since_last_save")),
                (command[0], starling.Client.Info("persistence").GetValueOrDefault("rdb_changes_since_last_save")));
        }
    }

    [Fact]
    public void FLUSHALL_goes_into_the_stream_once()
    {
        using var server = new StarlingNode("--save", "3600 1000");
        using var stream = new ReplicaStream(server.Port);
        server.Text("SET", "a", "1");
        server.Text("FLUSHALL");
        server.Text("FLUSHALL", "ASYNC");
        server.Text("SET", "marker", "here");
        var commands = stream.ReadTo("marker").Select(command => string.Join(' ', command));
        Assert.Equal(["SELECT 0", "SET a 1", "FLUSHALL", "FLUSHALL ASYNC"], commands);
    }
}
