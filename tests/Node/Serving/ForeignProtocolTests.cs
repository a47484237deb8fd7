using System.Net.Sockets;
using System.Text;
using Starling.Node.Tests.Replication;

namespace Starling.Node.Tests.Serving;

/// <summary>Lines of HTTP, which a browser may be made to send: redis-server and this server close, and say so in their logs.</summary>
public sealed class ForeignProtocolTests
{
    [Theory]
    [InlineData("POST / HTTP/1.1\r\n")]
    [InlineData("post\r\n")]
    [InlineData("Host: x\r\n")]
    [InlineData("hOST:\r\n")]
    [InlineData("*1\r\n$4\r\nPoSt\r\n")]
    [InlineData("*2\r\n$5\r\nHost:\r\n$1\r\nx\r\n")]
    [InlineData("MULTI\r\nPOST / HTTP/1.1\r\n")]
    public void A_line_of_http_closes_the_client_and_is_logged(string line)
    {
        using var redis = new RedisNode();
        using var starling = new StarlingNode();
        using var locked = new StarlingNode("--requirepass", "secret");
        foreach (var server in (TestNode[])[redis, starling, locked])
        {
            Assert.DoesNotContain("ERR", SendAndReadToEnd(server.Port, line + "SET smuggled 1\r\n"), StringComparison.Ordinal);
            SyncClient.WaitFor(
                () => server.Log.Contains("Possible SECURITY ATTACK detected. It looks like somebody is sending POST or Host: commands to Redis.",
                    StringComparison.Ordinal),
                () => server.Log);
        }

        Assert.Equal("0", redis.Client.Text("EXISTS", "smuggled"));
        Assert.Equal("0", starling.Client.Text("EXISTS", "smuggled"));
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n")]
    [InlineData("POSTS\r\n")]
    [InlineData("Host\r\n")]
    [InlineData("ECHO post\r\n")]
    public void Other_words_are_answered(string line)
    {
        using var redis = new RedisNode();
        using var starling = new StarlingNode();
        Assert.Equal(SendAndReadToEnd(redis.Port, line + "QUIT\r\n"), SendAndReadToEnd(starling.Port, line + "QUIT\r\n"));
        Assert.DoesNotContain("ATTACK", starling.Log, StringComparison.Ordinal);
    }

    private static string SendAndReadToEnd(int port, string text)
    {
        using var client = new TcpClient("127.0.0.1", port) { ReceiveTimeout = 60_000 };
        var stream = client.GetStream();
        var replies = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            stream.Write(Encoding.ASCII.GetBytes(text));
            for (int count; (count = stream.Read(buffer)) > 0;) replies.Append(Encoding.ASCII.GetString(buffer, 0, count));
        }
        catch (IOException)
        {
            // Closed with bytes unread: that resets the connection.
        }

        return replies.ToString();
    }
}
