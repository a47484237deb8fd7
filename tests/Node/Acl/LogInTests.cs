using System.Text;
using Microsoft.Extensions.Time.Testing;

namespace Starling.Node.Tests.Acl;

/// <summary>Who gets in: AUTH, HELLO, RESET, passwords, and the users of files.</summary>
public class LogInTests
{
    private const string WrongPass = "(error) WRONGPASS invalid username-password pair or user is disabled.";
    private const string NoAuth = "(error) NOAUTH Authentication required.";

    [Fact]
    public async Task Only_who_is_on_gets_in_with_one_of_the_passwords()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        Assert.Equal("OK", await client.TextAsync("ACL", "SETUSER", "u", ">one", ">two", "+ping"));
        Assert.Equal(WrongPass, await client.TextAsync("AUTH", "u", "one"));
        Assert.Equal("OK", await client.TextAsync("ACL", "SETUSER", "u", "on", "<one"));
        Assert.Equal(WrongPass, await client.TextAsync("AUTH", "u", "one"));
        Assert.Equal("default", await client.TextAsync("ACL", "WHOAMI"));
        Assert.Equal("OK", await client.TextAsync("AUTH", "u", "two"));
        Assert.Equal("PONG", await client.TextAsync("PING"));
        Assert.Equal(WrongPass, await client.TextAsync("AUTH", "nobody", "two"));
        Assert.Equal("(error) NOPERM this user has no permissions to run the 'acl|whoami' command", await client.TextAsync("ACL", "WHOAMI"));
        Assert.Equal("OK", await client.TextAsync("AUTH", "default", "whatever"));
        Assert.Equal("default", await client.TextAsync("ACL", "WHOAMI"));
        Assert.Equal(
            "(error) ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?",
            await client.TextAsync("AUTH", "x"));
    }

    [Fact]
    public async Task HELLO_logs_in_and_RESET_makes_the_default_user_of_the_client_again()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        await client.TextAsync("ACL", "SETUSER", "u", "on", ">p", "+acl|whoami");
        await client.TextAsync("ACL", "SETUSER", "v", "on", ">q", "+acl|whoami");
        Assert.Equal(WrongPass, await client.TextAsync("HELLO", "2", "AUTH", "u", "no", "AUTH", "v", "q"));
        Assert.Equal("default", await client.TextAsync("ACL", "WHOAMI"));
        Assert.StartsWith("[server, redis", await client.TextAsync("HELLO", "2", "AUTH", "u", "p", "AUTH", "v", "q"), StringComparison.Ordinal);
        Assert.Equal("v", await client.TextAsync("ACL", "WHOAMI"));
        Assert.Equal("RESET", await client.TextAsync("RESET"));
        Assert.Equal("default", await client.TextAsync("ACL", "WHOAMI"));
    }

    [Fact]
    public async Task While_the_default_user_is_off_nobody_begins_as_it()
    {
        await using var server = TestServer.Start();
        var admin = await server.ConnectAsync();
        await admin.TextAsync("ACL", "SETUSER", "u", "on", "nopass", "+@all");
        Assert.Equal("OK", await admin.TextAsync("ACL", "SETUSER", "default", "off"));
        var client = await server.ConnectAsync();
        Assert.Equal(NoAuth, await client.TextAsync("PING"));
        Assert.Equal(WrongPass, await client.TextAsync("AUTH", "default", "x"));
        Assert.Equal("OK", await client.TextAsync("AUTH", "u", "x"));
        Assert.Equal("PONG", await client.TextAsync("PING"));
        Assert.Equal("RESET", await client.TextAsync("RESET"));
        Assert.Equal(NoAuth, await client.TextAsync("PING"));
        Assert.Equal("PONG", await admin.TextAsync("PING")); // who was in stays in

        // Once it takes no password, who has not logged in has the default user's rights.
        await admin.TextAsync("ACL", "SETUSER", "default", "on", "-set");
        Assert.Equal("PONG", await client.TextAsync("PING"));
        Assert.Equal("default", await client.TextAsync("ACL", "WHOAMI"));
        Assert.Equal("(error) NOPERM this user has no permissions to run the 'set' command", await client.TextAsync("SET", "a", "b"));
    }

    [Fact]
    public async Task Requirepass_is_the_default_users_password()
    {
        await using var server = TestServer.Start(config => config.RequirePass = "first");
        var client = await server.ConnectAsync();
        Assert.Equal(NoAuth, await client.TextAsync("PING"));
        Assert.Equal("OK", await client.TextAsync("AUTH", "first"));
        Assert.Equal("OK", await client.TextAsync("ACL", "SETUSER", "default", ">second", "-flushall"));
        Assert.Equal("OK", await client.TextAsync("AUTH", "second"));
        Assert.Equal("[requirepass, first]", await client.TextAsync("CONFIG", "GET", "requirepass"));
        Assert.Equal("OK", await client.TextAsync("CONFIG", "SET", "requirepass", "third"));
        Assert.Equal(WrongPass, await client.TextAsync("AUTH", "second"));
        Assert.Equal("OK", await client.TextAsync("AUTH", "third"));
        Assert.Equal("OK", await client.TextAsync("CONFIG", "SET", "requirepass", ""));
        Assert.Equal("[user default on nopass sanitize-payload ~* &* +@all -flushall]", await client.TextAsync("ACL", "LIST"));
    }

    [Fact]
    public async Task Answers_of_ACL_that_change_nothing_are_those_of_redis()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        Assert.Matches("^[0-9a-f]{64}$", await client.TextAsync("ACL", "GENPASS"));
        Assert.Matches("^[0-9a-f]{2}$", await client.TextAsync("ACL", "GENPASS", "5"));
        Assert.Equal(
            "(error) ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096",
            await client.TextAsync("ACL", "GENPASS", "4097"));
        Assert.StartsWith("[keyspace, read, write, set,", await client.TextAsync("ACL", "CAT"), StringComparison.Ordinal);
        Assert.Contains("multi", await client.TextAsync("ACL", "CAT", "Transaction"), StringComparison.Ordinal);
        Assert.Equal("(error) ERR Unknown category 'foo'", await client.TextAsync("ACL", "CAT", "foo"));
        Assert.Equal("(error) ERR unknown subcommand or wrong number of arguments for 'cat'. Try ACL HELP.", await client.TextAsync("ACL", "cat", "a", "b"));
        Assert.Equal("(nil)", await client.TextAsync("ACL", "GETUSER", "nobody"));
        Assert.Equal("(error) ERR Usernames can't contain spaces or null characters", await client.TextAsync("ACL", "SETUSER", "a b"));
        Assert.Equal("(error) ERR Error in ACL SETUSER modifier '+foo': Unknown command or category name in ACL", await client.TextAsync("ACL", "SETUSER", "a", "on", "+foo"));
        Assert.Equal("(error) ERR Unmatched parenthesis in acl selector starting at '(+get'.", await client.TextAsync("ACL", "SETUSER", "a", "(+get"));
        Assert.Equal("[default]", await client.TextAsync("ACL", "USERS"));
        Assert.Equal("(error) ERR User 'a' not found", await client.TextAsync("ACL", "DRYRUN", "a", "get", "k"));
        Assert.Equal("(error) ERR Command 'foo' not found", await client.TextAsync("ACL", "DRYRUN", "default", "foo"));
        Assert.Equal("(error) ERR wrong number of arguments for 'get' command", await client.TextAsync("ACL", "DRYRUN", "default", "get"));
        await client.TextAsync("ACL", "SETUSER", "a", "%R~k", "+@all", "-set", ">p", "(+get &c)");
        Assert.Equal("This user has no permissions to run the 'set' command", await client.TextAsync("ACL", "DRYRUN", "a", "set", "k", "v"));
        Assert.Equal("This user has no permissions to access the 'k' key", await client.TextAsync("ACL", "DRYRUN", "a", "append", "k", "v"));
        Assert.Equal("This user has no permissions to access the 'c' channel", await client.TextAsync("ACL", "DRYRUN", "a", "publish", "c", "m"));
        Assert.Equal("OK", await client.TextAsync("ACL", "DRYRUN", "a", "get", "k"));
        Assert.Equal(
            "[flags, [off, sanitize-payload], passwords, [148de9c5a7a44d19e56cd9ae1a554bf67847afb0c58f6e12fa29ac7ddfca9940], "
            + "commands, +@all -set, keys, %R~k, channels, , selectors, [[commands, -@all +get, keys, , channels, &c]]]",
            await client.TextAsync("ACL", "GETUSER", "a"));
        Assert.StartsWith("(error) ERR This Redis instance is not configured to use an ACL file.", await client.TextAsync("ACL", "LOAD"), StringComparison.Ordinal);
        Assert.StartsWith("(error) ERR This Redis instance is not configured to use an ACL file.", await client.TextAsync("ACL", "SAVE"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Users_are_saved_and_loaded_all_or_none()
    {
        var file = "";
        await using var server = TestServer.Start(config =>
        {
            file = Path.Combine(config.Dir, "users.acl");
            File.WriteAllText(file, "user alice on >alice ~* &* +@all\nuser default on nopass ~* &* +@all\n");
            config.AclFile = "users.acl";
        });
        var client = await server.ConnectAsync();
        Assert.Equal("[alice, default]", await client.TextAsync("ACL", "USERS"));
        await client.TextAsync("ACL", "SETUSER", "bob", "on", "nopass", "&c", "+@all", "(~\"a\\\"b\" +get)");
        var before = await client.TextAsync("ACL", "LIST");
        Assert.Equal("OK", await client.TextAsync("ACL", "SAVE"));
        Assert.Contains("user bob on nopass sanitize-payload resetchannels &c +@all (", await File.ReadAllTextAsync(file), StringComparison.Ordinal);
        await client.TextAsync("ACL", "DELUSER", "alice");
        await client.TextAsync("ACL", "SETUSER", "carol", "on", "nopass", "+@all", "&c", "~*");
        var alice = await SubscribeAsync(server, "bob");
        var carol = await SubscribeAsync(server, "carol");

        await File.AppendAllTextAsync(file, "user dora +foo\n\nuser bob off\n");
        Assert.Equal(
            "(error) ERR users.acl:4: Error in applying operation '+foo': Unknown command or category name in ACL. WARNING: Duplicate user 'bob' "
            + "found on line 6. WARNING: ACL errors detected, no change to the previously active ACL rules was performed",
            await client.TextAsync("ACL", "LOAD"));
        Assert.Equal("[bob, carol, default]", await client.TextAsync("ACL", "USERS"));
        File.Delete(file);
        Assert.Equal("(error) ERR Error loading ACLs, opening file 'users.acl': No such file or directory", await client.TextAsync("ACL", "LOAD"));

        await client.TextAsync("ACL", "SETUSER", "alice", "on", ">alice", "~*", "&*", "+@all");
        await client.TextAsync("ACL", "DELUSER", "carol");
        await carol.WaitForCloseAsync();
        Assert.Equal("OK", await client.TextAsync("ACL", "SAVE"));
        await client.TextAsync("ACL", "SETUSER", "carol", "on", "nopass", "+@all", "&c", "~*");
        carol = await SubscribeAsync(server, "carol");
        Assert.Equal("OK", await client.TextAsync("ACL", "LOAD"));
        Assert.Equal(before, await client.TextAsync("ACL", "LIST"));
        await carol.WaitForCloseAsync(); // she is not in the file
        Assert.Equal("(integer) 1", await client.TextAsync("PUBLISH", "c", "m")); // he has kept his rights, and his connection
        Assert.Equal("[message, c, m]", (await alice.ReadAsync()).ToString());

        static async Task<TestClient> SubscribeAsync(TestServer server, string name)
        {
            var client = await server.ConnectAsync();
            Assert.Equal("OK", await client.TextAsync("AUTH", name, "x"));
            Assert.Equal("[subscribe, c, (integer) 1]", await client.TextAsync("SUBSCRIBE", "c"));
            return client;
        }
    }

    [Fact]
    public async Task A_file_that_cannot_be_written_is_told_and_stays()
    {
        await using var server = TestServer.Start(config =>
        {
            File.WriteAllText(Path.Combine(config.Dir, "users.acl"), "");
            config.AclFile = "users.acl";
        });
        var client = await server.ConnectAsync();
        File.Delete(server.Node.Config.PathOf("users.acl"));
        Directory.CreateDirectory(server.Node.Config.PathOf("users.acl/x"));
        Assert.Equal(
            "(error) ERR There was an error trying to save the ACLs. Please check the server logs for more information",
            await client.TextAsync("ACL", "SAVE"));
        Assert.Equal("(error) ERR Error loading ACLs, opening file 'users.acl': Is a directory", await client.TextAsync("ACL", "LOAD"));
        Assert.Equal(["users.acl"], Directory.GetFileSystemEntries(server.Node.Config.Dir).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_file_without_end_is_refused()
    {
        await using var server = TestServer.Start(config =>
        {
            File.WriteAllText(Path.Combine(config.Dir, "users.acl"), "");
            config.AclFile = "users.acl";
        });
        var client = await server.ConnectAsync();
        File.Delete(server.Node.Config.PathOf("users.acl"));
        File.CreateSymbolicLink(server.Node.Config.PathOf("users.acl"), "/dev/zero");
        Assert.Equal("(error) ERR Error loading ACLs, file 'users.acl' is larger than 64 MiB", await client.TextAsync("ACL", "LOAD"));
    }

    [Theory]
    [InlineData("user bob on +foo\n", "users.acl:1: Error in applying operation '+foo'")]
    [InlineData(null, "opening file 'users.acl': No such file or directory")]
    public void A_server_does_not_start_on_a_file_with_errors(string? text, string reason)
    {
        var error = Assert.Throws<ServerStartException>(() => TestServer.Start(config =>
        {
            if (text is not null) File.WriteAllText(Path.Combine(config.Dir, "users.acl"), text, Encoding.ASCII);
            config.AclFile = "users.acl";
        }));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_fails_to_log_in_too_often_is_not_judged_any_more_in_this_second()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(50));
        await using var server = TestServer.Start(clock: clock);
        var (client, other) = (await server.ConnectAsync(), await server.ConnectAsync());
        Assert.Equal("OK", await client.TextAsync("ACL", "SETUSER", "u", "on", ">p", "+ping"));
        const string TooMany = "(error) ERR too many failed attempts to log in on this connection, try again in a second";
        for (var i = 0; i < 64; i++) Assert.Equal(WrongPass, await client.TextAsync("AUTH", "u", $"{i}"));
        Assert.Equal(TooMany, await client.TextAsync("AUTH", "u", "p"));
        Assert.Equal(TooMany, await client.TextAsync("HELLO", "3", "AUTH", "u", "p"));
        Assert.Equal("OK", await other.TextAsync("AUTH", "u", "p"));
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(WrongPass, await client.TextAsync("AUTH", "u", "q"));
        Assert.Equal("OK", await client.TextAsync("AUTH", "u", "p"));
        Assert.Equal("PONG", await client.TextAsync("PING"));
    }
}
