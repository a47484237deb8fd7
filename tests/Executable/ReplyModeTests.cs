using System.Net.Sockets;
using System.Text;

namespace Starling.Executable.Tests;

/// <summary>CLIENT REPLY, to the byte as redis-server takes it.</summary>
public sealed class ReplyModeTests(BothServers servers) : IClassFixture<BothServers>
{
    [Theory]
    [InlineData("CLIENT REPLY OFF|RESET")]
    [InlineData("CLIENT REPLY SKIP|RESET")]
    [InlineData("CLIENT REPLY OFF|PING|CLIENT REPLY ON")]
    [InlineData("CLIENT REPLY SKIP|CLIENT REPLY ON")]
    [InlineData("CLIENT REPLY SKIP|CLIENT REPLY SKIP|ECHO a|ECHO b")]
    [InlineData("CLIENT REPLY SKIP|CLIENT REPLY OFF|ECHO 1|CLIENT REPLY ON")]
    [InlineData("CLIENT REPLY SKIP|CLIENT REPLY NOSUCH|ECHO 1")]
    [InlineData("CLIENT REPLY SKIP|NOSUCH")]
    [InlineData("CLIENT REPLY SKIP|WAIT 1 20")]
    [InlineData("CLIENT REPLY OFF|WAIT 1 20|RESET")]
    [InlineData("CLIENT REPLY SKIP|SAVE")]
    [InlineData("SET k v|CLIENT REPLY SKIP|MIGRATE 127.0.0.1 1 k 0 100")]
    [InlineData("CLIENT REPLY OFF|MULTI|RESET")]
    [InlineData("CLIENT REPLY SKIP|MULTI|ECHO 1|EXEC")]
    [InlineData("MULTI|CLIENT REPLY SKIP|EXEC|ECHO 1")]
    [InlineData("MULTI|ECHO 1|CLIENT REPLY OFF|ECHO 2|EXEC|CLIENT REPLY ON")]
    [InlineData("CLIENT REPLY OFF|MULTI|ECHO 0|CLIENT REPLY ON|ECHO 1|EXEC")]
    [InlineData("CLIENT REPLY OFF|HELLO 2|RESET")]
    public void What_is_answered_is_what_redis_server_answers(string commands) =>
        Assert.Equal(Answer(servers.Redis.Port, commands), Answer(servers.Starling.Port, commands));

    [Fact]
    public void Reset_after_reply_off_is_answered() =>
        Assert.Equal("+RESET\r\n$3\r\nend\r\n", Answer(servers.Starling.Port, "CLIENT REPLY OFF|RESET"));

    [Fact]
    public void A_protocol_error_is_not_told_either() =>
        Assert.Equal("", Answer(servers.Starling.Port, "CLIENT REPLY OFF|*1\r\n$x"));

    /// <summary>Everything up to the reply to a last ECHO, or to the connection's end.</summary>
    private static string Answer(int port, string commands)
    {
        using var client = new TcpClient("127.0.0.1", port);
        client.ReceiveTimeout = 60_000;
        using var stream = client.GetStream();
        stream.Write(Encoding.ASCII.GetBytes(string.Join("\r\n", commands.Split('|')) + "\r\nECHO end\r\n"));
        var text = "";
        var buffer = new byte[4096];
        while (!text.EndsWith("$3\r\nend\r\n", StringComparison.Ordinal))
        {
            var count = stream.Read(buffer);
            if (count == 0) break;
            text += Encoding.ASCII.GetString(buffer, 0, count);
        }

        return text;
    }
}
