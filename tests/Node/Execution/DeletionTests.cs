using System.Globalization;
using Starling.Node.Tests.Replication;

namespace Starling.Node.Tests.Execution;

/// <summary>
/// What a deletion does to those who watch the key and to the count of changes for save points: the same here as in a
/// redis-server beside it.
/// </summary>
public sealed class DeletionTests
{
    /// <summary>Setting up, then what happens while another client watches k.</summary>
    [Theory]
    [InlineData("SET k v", "FLUSHALL")]
    [InlineData("", "FLUSHALL")]
    [InlineData("SET k v; SET b 1", "FLUSHDB")]
    [InlineData("SET k v", "SWAPDB 0 1")]
    [InlineData("", "SWAPDB 0 1")]
    [InlineData("SET k v", "SWAPDB 0 0")]
    [InlineData("SET k v PX 1500", "AWAIT GONE k")]
    [InlineData("DEBUG SET-ACTIVE-EXPIRE 0; SET k v PX 20; AWAIT DUE", "GET k")]
    [InlineData("DEBUG SET-ACTIVE-EXPIRE 0; SET k v PX 20; AWAIT DUE", "FLUSHALL")]
    [InlineData("DEBUG SET-ACTIVE-EXPIRE 0; SET k v PX 1500", "AWAIT DUE; FLUSHALL")]
    [InlineData("DEBUG SET-ACTIVE-EXPIRE 0; SET k v PX 1500", "AWAIT DUE; GET k")]
    [InlineData("RPUSH k a", "LPOP k")]
    [InlineData("RPUSH k a b c", "LPOP k 3")]
    [InlineData("RPUSH k a a", "LREM k 0 a")]
    [InlineData("RPUSH k a b", "LTRIM k 5 9")]
    [InlineData("RPUSH k a", "LMOVE k other LEFT LEFT")]
    [InlineData("RPUSH k a", "RPOPLPUSH k k")]
    [InlineData("RPUSH l 3 1 2", "SORT l STORE k")]
    [InlineData("RPUSH l 3 1 2; SET k v", "SORT l STORE k LIMIT 0 2 GET # GET x")]
    [InlineData("SET k v", "SORT l STORE k")]
    [InlineData("RPUSH k 3 1 2", "SORT k LIMIT 9 1 STORE k")]
    [InlineData("RPUSH k 3 1 2", "SORT k")]
    [InlineData("", "SORT l STORE k")]
    [InlineData("SET k v", "PEXPIREAT k 1")]
    [InlineData("SET k v", "GETEX k PXAT 1")]
    [InlineData("SET k v", "UNLINK k")]
    public async Task A_deletion_fails_watches_and_counts_changes_as_in_redis_server(string setUp, string act)
    {
        using var redis = new RedisNode();
        await using var server = Start();
        Assert.Equal(await ObserveAsync(redis.Port, setUp, act), await ObserveAsync(server.Port, setUp, act));
    }

    [Theory]
    [InlineData("SET k v", "DEBUG RELOAD")]
    [InlineData("", "DEBUG RELOAD")]
    [InlineData("DEBUG SET-ACTIVE-EXPIRE 0; SET k v PX 1500", "AWAIT DUE; DEBUG RELOAD")]
    public async Task A_reload_fails_watches_of_keys_that_were_there_as_in_redis_server(string setUp, string act)
    {
        using var redis = new RedisNode();
        await using var server = Start();
        Assert.Equal(await ObserveAsync(redis.Port, setUp, act), await ObserveAsync(server.Port, setUp, act));
    }

    private static TestServer Start() => TestServer.Start(config =>
    {
        config.Save = [];
        config.EnableDebugCommand = "yes";
    });

    /// <summary>Changes counted, and the reply to EXEC.</summary>
    private static async Task<string> ObserveAsync(int port, string setUp, string act)
    {
        using var client = await TestClient.ConnectAsync(port);
        using var watcher = await TestClient.ConnectAsync(port);
        await RunAsync(client, setUp);
        await watcher.CallAsync("WATCH", "k");
        var before = await ChangesAsync(client);
        await RunAsync(client, act);
        var after = await ChangesAsync(client);
        await watcher.CallAsync("MULTI");
        await watcher.CallAsync("PING");
        var reply = await watcher.TextAsync("EXEC");
        return string.Create(CultureInfo.InvariantCulture, $"{after - before} changes, {reply}");
    }

    private static async Task RunAsync(TestClient client, string commands)
    {
        foreach (var command in commands.Split("; ", StringSplitOptions.RemoveEmptyEntries))
        {
            var words = command.Split(' ');
            switch (command)
            {
                case "AWAIT DUE":
                    var due = long.Parse((await client.TextAsync("PEXPIRETIME", "k")).Split(' ')[^1], CultureInfo.InvariantCulture);
                    while (due >= 0 && TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() <= due + 2)
                        await client.CallAsync("PING");
                    break;
                case "AWAIT GONE k":
                    while (await client.TextAsync("DBSIZE") != "(integer) 0") await client.CallAsync("PING");
                    break;
                default:
                    Assert.DoesNotContain("(error)", await client.TextAsync(words), StringComparison.Ordinal);
                    break;
            }
        }
    }

    private static async Task<long> ChangesAsync(TestClient client)
    {
        var info = await client.TextAsync("INFO", "persistence");
        const string Field = "rdb_changes_since_last_save:";
        var at = info.IndexOf(Field, StringComparison.Ordinal) + Field.Length;
        return long.Parse(info[at..info.IndexOf('\r', at)], CultureInfo.InvariantCulture);
    }
}
