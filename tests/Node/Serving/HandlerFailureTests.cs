using Starling.Node.Serving;
using Starling.Slots;

namespace Starling.Node.Tests.Serving;

public sealed class HandlerFailureTests
{
    private readonly List<string> _failures = [];
    private bool _wereLocksHeld;

    [Fact]
    public async Task A_failed_read_disconnects_its_client_and_nobody_else()
    {
        await using var server = TestServer.Start(commands: [Failing("badread", CommandFlags.ReadOnly)], prepare: Watch);
        var client = await server.ConnectAsync();
        var other = await server.ConnectAsync();
        Assert.Equal("PONG", await other.TextAsync("PING"));
        Assert.Equal("(error) ERR internal error", await client.TextAsync("BADREAD", "k"));
        await client.WaitForCloseAsync();
        Assert.Equal("OK", await other.TextAsync("SET", "k", "v"));
        Assert.Empty(_failures);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_failed_write_stops_the_server_before_its_locks_go(bool isOutOfMemory)
    {
        Exception error = isOutOfMemory ? new OutOfMemoryException("on purpose") : new InvalidOperationException("on purpose");
        await using var server = TestServer.Start(commands: [Failing("badwrite", CommandFlags.Write, error)], prepare: Watch);
        var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Encode("BADWRITE", "k"));
        await Eventually.True(() => _failures.Count == 1);
        Assert.Equal("the handler of badwrite failed and may have left half a change", Assert.Single(_failures));
        Assert.True(_wereLocksHeld);
    }

    [Fact]
    public async Task A_failed_write_inside_exec_stops_the_server_too()
    {
        await using var server = TestServer.Start(commands: [Failing("badwrite", CommandFlags.Write)], prepare: Watch);
        var client = await server.ConnectAsync();
        await client.CallAsync("MULTI");
        await client.CallAsync("SET", "{k}2", "v");
        await client.CallAsync("BADWRITE", "k");
        await client.CallAsync("PING");
        await client.SendAsync(TestClient.Encode("EXEC"));
        await Eventually.True(() => _failures.Count == 1);
        Assert.True(_wereLocksHeld);
    }

    [Fact]
    public async Task A_read_that_deletes_an_expired_key_may_lose_its_reply_but_not_the_deletion()
    {
        var may = new List<bool>();
        var looks = new Command("looks", 2, CommandFlags.ReadOnly, KeySpec.At(1), call =>
        {
            may.Add(call.Reply.MayLose);
            Assert.False(call.TryRead(call.Key(1), out _));
            may.Add(call.Reply.MayLose);
            call.Reply.Simple("OK"u8);
        })
        {
            Summary = "Looks.",
        };
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        await using var server = TestServer.Start(clock: clock, commands: [looks]);
        server.Node.ActiveExpiry.IsEnabled = false;
        var client = await server.ConnectAsync();
        await client.CallAsync("SET", "k", "v", "PX", "10");
        clock.Advance(TimeSpan.FromMilliseconds(11));
        Assert.Equal("OK", await client.TextAsync("LOOKS", "k"));
        Assert.Equal("OK", await client.TextAsync("LOOKS", "k"));
        Assert.Equal([false, true, false, false], may);
    }

    private static Command Failing(string name, CommandFlags flags, Exception? error = null) =>
        new(name, 2, flags, KeySpec.At(1), _ => throw error ?? new InvalidOperationException("on purpose"))
        {
            Summary = "Fails.",
        };

    /// <summary>Keeps what would end the process, and whether another thread can have the key's stripe meanwhile.</summary>
    private void Watch(NodeServer node) => node.Fail = (reason, _) =>
    {
        var taken = new ManualResetEventSlim(); // the thread sets it after the wait: nobody may dispose it
        var taker = new Thread(() =>
        {
            using (node.Keyspace.LockSlot(HashSlot.Of("k"u8))) taken.Set();
        });
        taker.Start();
        _wereLocksHeld = !taken.Wait(TimeSpan.FromMilliseconds(100));
        _failures.Add(reason);
    };
}
