using Starling.Node.Acl;
using Starling.Node.PubSub;
using Starling.Node.Serving;

namespace Starling.Node.Tests.Acl;

/// <summary>What clients may do, over sockets.</summary>
public sealed class PermissionTests : IAsyncLifetime
{
    private const string Changed =
        "(error) NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. "
        + "This command is no longer allowed for the following reason: ";

    private const string NoKey = "(error) NOPERM this user has no permissions to access one of the keys used as arguments";
    private const string NoChannel = "(error) NOPERM this user has no permissions to access one of the channels used as arguments";

    private readonly TestServer _server = TestServer.Start();
    private TestClient _admin = null!;

    public async Task InitializeAsync() => _admin = await _server.ConnectAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task What_is_not_allowed_is_refused_in_the_words_of_redis()
    {
        var user = await LogInAsync("+get +subscribe +publish +psubscribe +config|get ~k* &c*");
        Assert.Equal("(error) NOPERM this user has no permissions to run the 'set' command", await user.TextAsync("SET", "k", "v"));
        Assert.Equal("(error) NOPERM this user has no permissions to run the 'config|set' command", await user.TextAsync("CONFIG", "SET", "hz", "1"));
        Assert.Equal(NoKey, await user.TextAsync("GET", "a"));
        Assert.Equal("(nil)", await user.TextAsync("GET", "k"));
        Assert.Equal(NoChannel, await user.TextAsync("PUBLISH", "x", "m"));
        Assert.Equal("(integer) 0", await user.TextAsync("PUBLISH", "c", "m"));
        Assert.Equal(NoChannel, await user.TextAsync("SUBSCRIBE", "c", "x"));
        Assert.Equal(NoChannel, await user.TextAsync("PSUBSCRIBE", "c1"));
        Assert.Equal("(error) ERR unknown command 'foo', with args beginning with: ", await user.TextAsync("foo"));
        Assert.Equal("(error) ERR wrong number of arguments for 'set' command", await user.TextAsync("SET"));
    }

    [Fact]
    public async Task Changed_rights_hold_for_the_next_command()
    {
        var user = await LogInAsync("+get ~*");
        Assert.Equal("(nil)", await user.TextAsync("GET", "k"));
        await SetAsync("resetkeys");
        Assert.Equal(NoKey, await user.TextAsync("GET", "k"));
        await SetAsync("~*");
        Assert.Equal("(nil)", await user.TextAsync("GET", "k"));
        await SetAsync("off");
        Assert.Equal("(nil)", await user.TextAsync("GET", "k")); // who is logged in stays so
    }

    [Fact]
    public async Task A_refused_command_aborts_the_transaction_and_is_judged_again_by_EXEC()
    {
        var user = await LogInAsync("+multi +exec +get +publish +set ~k &c");
        Assert.Equal("OK", await user.TextAsync("MULTI"));
        Assert.Equal(NoKey, await user.TextAsync("GET", "a"));
        Assert.Equal("(error) EXECABORT Transaction discarded because of previous errors.", await user.TextAsync("EXEC"));
        foreach (var command in (string[][])[["MULTI"], ["SET", "k", "v"], ["GET", "k"], ["PUBLISH", "c", "m"], ["SET", "k", "w"]])
            await user.TextAsync(command);
        await SetAsync("-get", "resetkeys", "resetchannels", "~l");
        Assert.Equal(
            $"[{Changed}no permission to touch the specified keys, {Changed}no permission to execute the command or subcommand, "
            + $"{Changed}no permission to access one of the channels used as arguments to the command, {Changed}no permission to touch the specified keys]",
            await user.TextAsync("EXEC"));
        Assert.Equal("(nil)", await _admin.TextAsync("GET", "k"));
        await SetAsync("-exec");
        Assert.Equal("OK", await user.TextAsync("MULTI"));
        Assert.Equal(
            "(error) EXECABORT Transaction discarded because of: NOPERM this user has no permissions to run the 'exec' command",
            await user.TextAsync("EXEC"));
    }

    [Fact]
    public async Task A_client_that_waited_for_a_key_is_refused_when_its_rights_have_gone_and_the_next_is_served()
    {
        var user = await LogInAsync("+blpop ~*");
        var other = await _server.ConnectAsync();
        await user.SendAsync(TestClient.Encode("BLPOP", "list", "0"));
        await WaitUntilBlockedAsync(1);
        await other.SendAsync(TestClient.Encode("BLPOP", "list", "0"));
        await WaitUntilBlockedAsync(2);
        await SetAsync("resetkeys");
        Assert.Equal("(integer) 1", await _admin.TextAsync("LPUSH", "list", "a"));
        Assert.Equal(NoKey, (await user.ReadAsync()).ToString());
        Assert.Equal("[list, a]", (await other.ReadAsync()).ToString());
        var stats = await _admin.TextAsync("INFO", "commandstats");
        Assert.Matches("cmdstat_blpop:calls=1,.*rejected_calls=1,failed_calls=0", stats);
    }

    [Fact]
    public async Task A_deleted_users_clients_are_closed_and_who_deletes_itself_gets_the_reply()
    {
        var user = await LogInAsync("+@all ~*");
        var other = await LogInAsync("+@all ~*");
        Assert.Equal("(integer) 1", await user.TextAsync("ACL", "DELUSER", "u", "nobody"));
        await user.WaitForCloseAsync();
        await other.WaitForCloseAsync();
        Assert.Equal("[default]", await _admin.TextAsync("ACL", "USERS"));
        await _admin.TextAsync("ACL", "SETUSER", "v");
        Assert.Equal("(error) ERR The 'default' user cannot be removed", await _admin.TextAsync("ACL", "DELUSER", "v", "default"));
        Assert.Equal("[default, v]", await _admin.TextAsync("ACL", "USERS"));
        Assert.Equal("(error) WRONGPASS invalid username-password pair or user is disabled.", await _admin.TextAsync("AUTH", "u", "p"));
    }

    [Theory]
    [InlineData("SUBSCRIBE", "c1")]
    [InlineData("SSUBSCRIBE", "c1")]
    [InlineData("PSUBSCRIBE", "c*")]
    public async Task A_subscriber_is_closed_when_its_channels_are_taken_away_and_only_then(string command, string channel)
    {
        var user = await LogInAsync("+@all &c* &d");
        await user.CallAsync(command, channel);
        await SetAsync("resetchannels", "&c*", "&e");
        await SetAsync("allchannels");
        await SetAsync("-@all", "resetkeys");
        Assert.Contains("user=u", await _admin.TextAsync("CLIENT", "LIST"), StringComparison.Ordinal);
        await SetAsync("resetchannels", "&d");
        Assert.DoesNotContain("user=u", await _admin.TextAsync("CLIENT", "LIST"), StringComparison.Ordinal);
        await user.WaitForCloseAsync();
        Assert.Equal("[]", await _admin.TextAsync("PUBSUB", "CHANNELS"));
    }

    [Fact]
    public async Task SORT_leads_to_other_keys_only_who_may_read_all_of_them()
    {
        const string Denied = "(error) ERR BY option of SORT denied due to insufficient ACL permissions.";
        await _admin.TextAsync("RPUSH", "l", "1");
        var user = await LogInAsync("+sort ~l");
        Assert.Equal(Denied, await user.TextAsync("SORT", "l", "BY", "v*"));
        Assert.Equal("[1]", await user.TextAsync("SORT", "l", "BY", "nosort"));
        Assert.Equal("(error) ERR GET option of SORT denied due to insufficient ACL permissions.", await user.TextAsync("SORT", "l", "GET", "#"));
        Assert.Equal(NoKey, await user.TextAsync("SORT", "l", "STORE", "x"));
        await SetAsync("%W~*");
        Assert.Equal(Denied, await user.TextAsync("SORT", "l", "BY", "v*"));
        await SetAsync("(~* +get)");
        Assert.Equal(Denied, await user.TextAsync("SORT", "l", "BY", "v*"));
        await SetAsync("(%R~* +sort)");
        Assert.Equal("[1]", await user.TextAsync("SORT", "l", "BY", "v*"));
    }

    [Fact]
    public async Task CLIENT_LIST_tells_the_user_and_KILL_finds_clients_by_it()
    {
        var user = await LogInAsync("+client");
        Assert.Contains(" user=u ", await user.TextAsync("CLIENT", "INFO"), StringComparison.Ordinal);
        Assert.Contains(" user=default ", await _admin.TextAsync("CLIENT", "INFO"), StringComparison.Ordinal);
        Assert.Equal("(error) ERR No such user 'v'", await _admin.TextAsync("CLIENT", "KILL", "USER", "v"));
        Assert.Equal("(integer) 0", await _admin.TextAsync("CLIENT", "KILL", "USER", "default"));
        Assert.Equal("(integer) 1", await _admin.TextAsync("CLIENT", "KILL", "USER", "u"));
        await user.WaitForCloseAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_log_tells_what_a_script_was_refused(bool isInTransaction)
    {
        var user = await LogInAsync("+eval +multi +exec ~k");
        if (isInTransaction) await user.TextAsync("MULTI");
        await user.TextAsync("EVAL", "return redis.call('set', 'k', 1)", "0");
        if (isInTransaction) await user.TextAsync("EXEC");
        Assert.StartsWith("[[count, (integer) 1, reason, command, context, lua, object, set, username, u,", await _admin.TextAsync("ACL", "LOG"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_log_tells_what_was_refused_to_whom_and_INFO_how_often()
    {
        var user = await LogInAsync("+multi +exec +get +publish ~k");
        await user.TextAsync("SET", "k", "v");
        await user.TextAsync("SET", "k", "v");
        await user.TextAsync("GET", "a");
        await user.TextAsync("AUTH", "nobody", "x");
        await user.TextAsync("MULTI");
        await user.TextAsync("PUBLISH", "c", "m");
        var entries = (await _admin.TextAsync("ACL", "LOG")).Replace("(integer) ", "", StringComparison.Ordinal).Split("], [");
        Assert.Equal(4, entries.Length);
        Assert.StartsWith("[[count, 1, reason, channel, context, multi, object, c, username, u, age-seconds, ", entries[0], StringComparison.Ordinal);
        Assert.StartsWith("count, 1, reason, auth, context, toplevel, object, AUTH, username, nobody, age-seconds, ", entries[1], StringComparison.Ordinal);
        Assert.StartsWith("count, 1, reason, key, context, toplevel, object, a, username, u, age-seconds, ", entries[2], StringComparison.Ordinal);
        Assert.StartsWith("count, 2, reason, command, context, toplevel, object, set, username, u, age-seconds, ", entries[3], StringComparison.Ordinal);
        Assert.Matches("client-info, id=.* cmd=set user=u .*, entry-id, [0-9]+, timestamp-created, [0-9]+, timestamp-last-updated, [0-9]+]]$", entries[3]);
        var info = await _admin.TextAsync("INFO", "stats");
        foreach (var count in (string[])["auth:1", "cmd:2", "key:1", "channel:1"])
            Assert.Contains("acl_access_denied_" + count + "\r\n", info, StringComparison.Ordinal);
        Assert.Equal("OK", await _admin.TextAsync("CONFIG", "SET", "acllog-max-len", "1"));
        await user.TextAsync("DISCARD");
        Assert.StartsWith("[[count, (integer) 1, reason, command, context, multi, object, discard,", await _admin.TextAsync("ACL", "LOG"), StringComparison.Ordinal);
        Assert.Equal("OK", await _admin.TextAsync("ACL", "LOG", "RESET"));
        Assert.Equal("[]", await _admin.TextAsync("ACL", "LOG"));
    }

    [Fact]
    public async Task A_user_that_is_changed_while_it_works_is_judged_by_old_or_new_rights_only()
    {
        var user = await LogInAsync("+get ~a");
        var stop = false;
        var changing = Task.Run(async () =>
        {
            for (var i = 0; !Volatile.Read(ref stop); i++) await SetAsync(i % 2 == 0 ? "resetkeys ~b" : "resetkeys ~a");
        });
        for (var i = 0; i < 2000; i++)
        {
            Assert.Equal(NoKey, await user.TextAsync("GET", "c"));
            var reply = await user.TextAsync("GET", "a");
            Assert.True(reply is "(nil)" or NoKey, reply);
        }

        Volatile.Write(ref stop, true);
        await changing;
    }

    [Fact]
    public async Task Nobody_stays_logged_in_as_a_user_that_is_gone_or_subscribed_to_what_was_taken_away()
    {
        const int Rounds = 150;
        var stop = false;
        var clients = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            for (var turn = 0; !Volatile.Read(ref stop); turn++)
            {
                using var client = await TestClient.ConnectAsync(_server.Port);
                try
                {
                    await client.SendAsync(TestClient.Encode("AUTH", "u", "p"));
                    await client.SendAsync(TestClient.Encode("SUBSCRIBE", "c"));
                    await client.ReadAsync();
                    await client.ReadAsync();
                    if (turn % 2 == 0) await client.TextAsync("PING");
                }
                catch (Exception e) when (e is EndOfStreamException or System.Net.Sockets.SocketException)
                {
                    // It was closed, as it may be at any time.
                }
            }
        })).ToArray();
        for (var round = 0; round < Rounds; round++)
        {
            await SetAsync("on >p +subscribe +ping &c");
            if (round % 2 == 0)
            {
                await SetAsync("resetchannels");
                await Eventually.True(() => _server.Node.Publisher.Table.CountOf(SubscriptionKind.Channel) == 0);
            }

            Assert.Equal("(integer) 1", await _admin.TextAsync("ACL", "DELUSER", "u"));
            await Eventually.True(() => !_server.Node.Clients.Snapshot().Any(client => NodeSession.Of(client).Identity.DisplayName == "u"));
        }

        Volatile.Write(ref stop, true);
        await Task.WhenAll(clients);
    }

    [Theory]
    [InlineData("GET k")]
    [InlineData("SET k v")]
    [InlineData("SET k v GET")]
    [InlineData("MGET k k")]
    [InlineData("INCRBY n 3")]
    public void Judging_a_call_allocates_nothing(string call)
    {
        var rights = Rules.Apply("+@all -flushall ~x* ~k* ~n (+get ~y)");
        var (command, arguments) = Rules.Call(call);
        for (var i = 0; i < 500; i++) Assert.True(rights.Judge(command, arguments) == AclVerdict.Allowed);
        var least = long.MaxValue;
        for (var round = 0; round < 20 && least > 0; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 100; i++) rights.Judge(command, arguments);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }

    private Task WaitUntilBlockedAsync(int clients) =>
        Eventually.True(() => _server.Node.Clients.Snapshot().Count(client => client.IsBlocked) == clients);

    private async Task SetAsync(params string[] rules) =>
        Assert.Equal("OK", await _admin.TextAsync(["ACL", "SETUSER", "u", .. rules.SelectMany(rule => rule.StartsWith('(') ? [rule] : rule.Split(' '))]));

    private async Task<TestClient> LogInAsync(string rules)
    {
        await SetAsync("on >p " + rules);
        var client = await _server.ConnectAsync();
        Assert.Equal("OK", await client.TextAsync("AUTH", "u", "p"));
        return client;
    }
}
