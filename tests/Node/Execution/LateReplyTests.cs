namespace Starling.Node.Tests.Execution;

/// <summary>Commands whose work may block, inside and outside of transactions.</summary>
public sealed class LateReplyTests
{
    [Fact]
    public async Task CONFIG_REWRITE_in_a_transaction_writes_what_was_in_force_at_its_place()
    {
        using var folder = new Folder();
        await using var server = Start(folder.File);
        var client = await server.ConnectAsync();
        string[][] commands =
        [
            ["MULTI"], ["SET", "k", "1"], ["CONFIG", "SET", "repl-timeout", "71"], ["CONFIG", "REWRITE"],
            ["CONFIG", "SET", "repl-timeout", "72"], ["GET", "k"],
        ];
        foreach (var command in commands) await client.CallAsync(command);

        // What redis-server 7.0.15 answers and leaves.
        Assert.Equal("[OK, OK, OK, OK, 1]", await client.TextAsync("EXEC"));
        Assert.Contains("repl-timeout 71\n", await File.ReadAllTextAsync(folder.File), StringComparison.Ordinal);
        Assert.Equal("[repl-timeout, 72]", await client.TextAsync("CONFIG", "GET", "repl-timeout"));
    }

    [Fact]
    public async Task A_rewrite_that_fails_in_a_transaction_says_so_in_its_place()
    {
        using var folder = new Folder();
        await using var server = Start(folder.File);
        Directory.Delete(Path.GetDirectoryName(folder.File)!, recursive: true);
        var client = await server.ConnectAsync();
        var other = await server.ConnectAsync();
        await client.CallAsync("MULTI");
        string[][] queued = [["PING"], ["CONFIG", "REWRITE"], ["CONFIG", "REWRITE"], ["INCR", "k"]];
        foreach (var command in queued) Assert.Equal("QUEUED", await client.TextAsync(command));

        // Replies before and behind the transaction stand where they belong.
        await client.SendAsync((byte[])[.. TestClient.Encode("PING"), .. TestClient.Encode("EXEC"), .. TestClient.Encode("GET", "k")]);
        Assert.Equal("QUEUED", (await client.ReadAsync()).ToString());
        var replies = (await client.ReadAsync()).Elements.Select(reply => reply.ToString()).ToList();
        Assert.Equal(5, replies.Count);
        Assert.Equal("PONG", replies[0]);
        Assert.StartsWith("(error) ERR Rewriting config file: ", replies[1], StringComparison.Ordinal);
        Assert.StartsWith("(error) ERR Rewriting config file: ", replies[2], StringComparison.Ordinal);
        Assert.Equal("(integer) 1", replies[3]);
        Assert.Equal("PONG", replies[4]);
        Assert.Equal("1", (await client.ReadAsync()).ToString());
        Assert.Equal("1", await other.TextAsync("GET", "k"));
    }

    [Fact]
    public async Task DEBUG_SLEEP_holds_back_clients_and_no_stripe()
    {
        using var folder = new Folder();
        await using var server = Start(folder.File);
        var sleeping = await server.ConnectAsync();
        var other = await server.ConnectAsync();
        await sleeping.SendAsync(TestClient.Encode("DEBUG", "SLEEP", "1"));
        await Eventually.True(() => server.Node.Clients.IsPaused(server.Node.NowMilliseconds));
        await other.SendAsync(TestClient.Encode("SET", "k", "1"));
        await Eventually.True(() => server.Node.Clients.Snapshot().All(connection => connection.IsHeld));
        using (server.Node.Keyspace.LockAll())
            Assert.True(server.Node.Clients.IsPaused(server.Node.NowMilliseconds), "the stripes were not free while the node slept");
        Assert.Equal("OK", (await sleeping.ReadAsync()).ToString());
        Assert.Equal("OK", (await other.ReadAsync()).ToString());
    }

    private static TestServer Start(string file) => TestServer.Start(config =>
    {
        config.Save = [];
        config.EnableDebugCommand = "yes";
        config.File = file;
    });

    private sealed class Folder : IDisposable
    {
        private readonly string _path = Directory.CreateTempSubdirectory("starling-test-").FullName;

        public Folder()
        {
            Directory.CreateDirectory(Path.GetDirectoryName(File)!);
            System.IO.File.WriteAllText(File, "repl-timeout 70\n");
        }

        public string File => Path.Combine(_path, "starling", "node.conf");

        public void Dispose() => Directory.Delete(_path, recursive: true);
    }
}
