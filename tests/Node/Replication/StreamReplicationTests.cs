using Starling.Node.Tests.Commands;

namespace Starling.Node.Tests.Replication;

/// <summary>Streams reach replicas of both kinds, in the snapshot and in the stream of commands.</summary>
public sealed class StreamReplicationTests
{
    private const int Commands = 1500;
    private static readonly string[] Keys = ["{x}1", "{x}2", "x3"];

    [Theory]
    [MemberData(nameof(ReplicationPairTests.Pairs), MemberType = typeof(ReplicationPairTests))]
    public void A_replica_has_the_masters_streams_and_what_is_pending(bool masterIsRedis, bool replicaIsRedis)
    {
        const int seed = 32;
        using var master = TestNode.Start(masterIsRedis, "--enable-debug-command", "yes");
        using var replica = TestNode.Start(replicaIsRedis, "--enable-debug-command", "yes");
        using var client = new RawConnection(master.Port);
        var generator = new StreamCommandGenerator(seed);
        Run(client, generator);
        replica.ReplicaOf(master);
        replica.WaitForLink();
        Run(client, generator);
        if (!masterIsRedis)
        {
            // What older versions do not understand is told them in their own words.
            master.Client.Command("XADD", "x3", "DELREF", "MAXLEN", "~", "40", "*", "a", "b");
            master.Client.Command("XTRIM", "x3", "ACKED", "MAXLEN", "30");
            var id = master.Text("XADD", "x3", "KEEPREF", "*", "a", "b")!;
            master.Client.Command("XREADGROUP", "GROUP", "g1", "alice", "STREAMS", "x3", ">");
            master.Client.Command("XACKDEL", "x3", "g1", "ACKED", "IDS", "1", id);
            master.Client.Command("XDELEX", "x3", "DELREF", "IDS", "1", id);
        }

        replica.WaitForOffsetOf(master);
        Assert.Equal(master.Text("DEBUG", "DIGEST"), replica.Text("DEBUG", "DIGEST"));
        using var other = new RawConnection(replica.Port);
        foreach (var key in Keys)
        {
            foreach (var group in new[] { "g1", "g2", "another group" })
            {
                foreach (var command in new string[][] { ["XPENDING", key, group], ["XPENDING", key, group, "-", "+", "10000"] })
                {
                    var (expected, actual) = (client.Call(command), other.Call(command));
                    Assert.True(ReplyComparison.AreEqual(command, expected, actual), $"{expected}\n{actual}");
                }
            }

            if (masterIsRedis || replicaIsRedis) continue;
            Assert.Equal(client.Call("XINFO", "GROUPS", key).ToString(), other.Call("XINFO", "GROUPS", key).ToString());
        }
    }

    private static void Run(RawConnection client, StreamCommandGenerator generator)
    {
        foreach (var key in Keys) client.Call("XGROUP", "CREATE", key, "g1", "0", "MKSTREAM");
        client.CallAll([.. Enumerable.Range(0, Commands).SelectMany(_ => generator.Next()).Where(command => !ReadsAgain(command))]);
    }

    /// <summary>
    /// A read of what a consumer has already, which counts as a delivery and is never told to replicas, in redis-server
    /// neither.
    /// </summary>
    private static bool ReadsAgain(string[] command)
    {
        if (!command[0].Equals("XREADGROUP", StringComparison.OrdinalIgnoreCase)) return false;
        var streams = Array.FindIndex(command, word => word.Equals("STREAMS", StringComparison.OrdinalIgnoreCase));
        return streams >= 0 && command[(streams + 1)..].Any(word => word is not ">" && !Keys.Contains(word));
    }
}
