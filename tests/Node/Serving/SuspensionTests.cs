using System.Text;
using Starling.Node.Serving;

namespace Starling.Node.Tests.Serving;

public sealed class SuspensionTests
{
    private Suspension? _suspension;
    private long _deadline;
    private SuspensionEnd? _end;

    private Command Hold => new("hold", 1, CommandFlags.None, KeySpec.None, call =>
        _suspension = call.Suspend(_deadline == 0 ? 0 : call.Now + _deadline, (reply, end) =>
        {
            _end = end;
            reply.Simple(Encoding.ASCII.GetBytes(end.ToString()));
        }))
    {
        Summary = "Waits until the test says.",
    };

    [Fact]
    public async Task A_suspended_client_goes_on_where_it_stopped()
    {
        await using var server = TestServer.Start(commands: [Hold]);
        var client = await server.ConnectAsync();
        await client.SendAsync("ECHO a\r\nHOLD\r\nECHO b\r\nECHO c\r\n");
        Assert.Equal("a", (await client.ReadAsync()).Text);
        await Eventually.True(() => server.Node.Clients.Snapshot()[0].IsHeld);
        await client.SendAsync("ECHO d\r\nECH");
        var other = await server.ConnectAsync();
        Assert.Equal("PONG", await other.TextAsync("PING"));
        _suspension!.Complete();
        _suspension.Complete();
        Assert.Equal("Completed", (await client.ReadAsync()).Text);
        Assert.Equal("b", (await client.ReadAsync()).Text);
        Assert.Equal("c", (await client.ReadAsync()).Text);
        Assert.Equal("d", (await client.ReadAsync()).Text);
        await client.SendAsync("O e\r\n");
        Assert.Equal("e", (await client.ReadAsync()).Text);
    }

    [Fact]
    public async Task A_suspension_ends_at_its_deadline()
    {
        _deadline = 30;
        await using var server = TestServer.Start(commands: [Hold]);
        var client = await server.ConnectAsync();
        Assert.Equal("TimedOut", await client.TextAsync("HOLD"));
        Assert.Equal("TimedOut", await client.TextAsync("HOLD"));
    }

    [Fact]
    public async Task Nothing_is_suspended_inside_exec()
    {
        await using var server = TestServer.Start(commands: [Hold]);
        var client = await server.ConnectAsync();
        await client.CallAsync("MULTI");
        await client.CallAsync("HOLD");
        Assert.Equal("[TimedOut]", await client.TextAsync("EXEC"));
    }

    [Fact]
    public async Task A_client_that_leaves_ends_its_suspension()
    {
        await using var server = TestServer.Start(commands: [Hold]);
        var client = await server.ConnectAsync();
        await client.SendAsync("HOLD\r\n");
        await Eventually.True(() => _suspension is not null);
        client.Dispose();
        await Eventually.True(() => _end == SuspensionEnd.Cancelled);
        await Eventually.True(() => server.Node.Clients.Count == 0);
    }

    [Fact]
    public async Task Many_short_suspensions_lose_no_command()
    {
        var hold = new Command("hold", 1, CommandFlags.None, KeySpec.None, call =>
        {
            var suspension = call.Suspend(0, (reply, _) => reply.Simple("held"u8));
            ThreadPool.QueueUserWorkItem(_ => suspension.Complete());
        })
        {
            Summary = "Waits an instant.",
        };
        await using var server = TestServer.Start(commands: [hold]);
        var client = await server.ConnectAsync();
        const int Rounds = 2000;
        var sending = Task.Run(async () =>
        {
            for (var i = 0; i < Rounds; i++) await client.SendAsync($"HOLD\r\nECHO {i}\r\n");
        });
        for (var i = 0; i < Rounds; i++)
        {
            Assert.Equal("held", (await client.ReadAsync()).Text);
            Assert.Equal(i, int.Parse((await client.ReadAsync()).Text!, System.Globalization.CultureInfo.InvariantCulture));
        }

        await sending;
    }
}
