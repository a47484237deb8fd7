using Microsoft.Extensions.Logging.Abstractions;
using Starling.Node.Config;

namespace Starling.Node.Tests.Serving;

public sealed class AllocationTests
{
    [Theory]
    [InlineData("PING")]
    [InlineData("ECHO hello")]
    [InlineData("GET key")]
    [InlineData("GET missing")]
    [InlineData("SET key value")]
    [InlineData("INCR counter")]
    [InlineData("DEL missing")]
    [InlineData("EXPIRE key 1000")]
    [InlineData("SET key value EX 100")]
    public void The_way_of_a_command_allocates_nothing(string command)
    {
        using var keyspaceOwner = new Owner();
        var transport = new ScriptedTransport();
        var connection = new ClientConnection(keyspaceOwner.Server.Serving, transport, isUnixSocket: false);
        connection.Start();
        transport.Deliver(TestClient.Encode("SET", "key", "value"));
        var one = TestClient.Encode(command.Split(' '));
        var pipeline = Enumerable.Repeat(one, 16).SelectMany(bytes => bytes).ToArray();
        var least = long.MaxValue;
        for (var round = 0; round < 200; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            transport.Deliver(one);
            transport.Deliver(pipeline);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }

    [Fact]
    public void Deleting_what_was_set_allocates_nothing()
    {
        using var owner = new Owner();
        var transport = new ScriptedTransport();
        new ClientConnection(owner.Server.Serving, transport, isUnixSocket: false).Start();
        var pipeline = TestClient.Encode("SET", "key", "value").Concat(TestClient.Encode("DEL", "key")).ToArray();
        var least = long.MaxValue;
        for (var round = 0; round < 200; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            transport.Deliver(pipeline);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }

    private sealed class Owner : IDisposable
    {
        public NodeServer Server { get; } = new(new ServerConfig(), NullLoggerFactory.Instance, TimeProvider.System);

        public void Dispose() => Server.Keyspace.Dispose();
    }
}
