using Microsoft.Extensions.Logging.Abstractions;
using Starling.Node.Config;

namespace Starling.Node.Tests.Serving;

public sealed class HashSeedTests
{
    [Fact]
    public void Two_servers_hash_a_key_differently()
    {
        var hashes = new HashSet<ulong>();
        for (var i = 0; i < 4; i++)
        {
            var server = new NodeServer(new ServerConfig(), NullLoggerFactory.Instance, TimeProvider.System);
            hashes.Add(server.Keyspace.Key("key"u8).Hash);
            server.Keyspace.Dispose();
        }

        Assert.Equal(4, hashes.Count);
    }
}
