using System.Net;
using System.Net.Sockets;
using System.Text;
using Starling.Tests.Support;

namespace Starling.Executable.Tests;

/// <summary>A master that does not speak the protocol, or speaks it in bad faith.</summary>
public sealed class HostileMasterTests
{
    private const string Id = "0123456789012345678901234567890123456789";

    [Theory]
    [InlineData("+FULLRESYNC " + Id + " 0\r\n$99999999999999999999\r\n")]
    [InlineData("+FULLRESYNC " + Id + " 0\r\n$-1\r\n")]
    [InlineData("+FULLRESYNC " + Id + " 0\r\n$9223372036854775807\r\nREDIS0010")]
    [InlineData("+FULLRESYNC " + Id + " 0\r\n$EOF:short\r\n")]
    [InlineData("+FULLRESYNC " + Id + " 0\r\n$0\r\n")]
    [InlineData("+FULLRESYNC " + Id + " 0\r\n$9\r\nnonsense!")]
    [InlineData("+FULLRESYNC " + Id + " 0\r\n$14\r\nREDIS0010\u0000\u0080\u00FF\u00FF\u00FF")]
    [InlineData("+FULLRESYNC " + Id + " 9223372036854775807\r\n$0\r\n")]
    [InlineData("+FULLRESYNC " + Id + " -5\r\n$0\r\n")]
    [InlineData("+FULLRESYNC short 1\r\n$0\r\n")]
    [InlineData("+FULLRESYNC\r\n")]
    [InlineData("+CONTINUE " + Id + "\r\n*1\r\n$4\r\nPING\r\n")]
    [InlineData("+CONTINUE\r\n*-5\r\n$-7\r\n")]
    [InlineData("-ERR unknown\r\n$5\r\nhello")]
    [InlineData("\u0000\u0001\u0002\r\n")]
    [InlineData("{70000}")]
    public void What_it_says_instead_of_a_snapshot_ends_the_link_and_not_the_node(string answer)
    {
        using var master = new TcpListener(IPAddress.Loopback, 0);
        master.Start();
        var port = ((IPEndPoint)master.LocalEndpoint).Port;
        using var node = ServerProcess.Start(ServerKind.Starling, "save ", "replicaof 127.0.0.1 " + RunningServer.Text(port));
        for (var round = 0; round < 2; round++)
        {
            using var link = master.AcceptTcpClient();
            Serve(link, answer);
        }

        Wait.Until("the node answers, loading or not", () => node.Text("PING") == "PONG");
        Assert.NotEqual("up", node.Info("replication", "master_link_status"));
    }

    /// <summary>Says yes to everything up to PSYNC, then what the test wants, and closes.</summary>
    private static void Serve(TcpClient link, string answer)
    {
        using var stream = link.GetStream();
        stream.ReadTimeout = 60_000;
        var buffer = new byte[4096];
        var heard = "";
        while (!heard.Contains("PSYNC", StringComparison.Ordinal))
        {
            var count = stream.Read(buffer);
            if (count == 0) return;
            var text = Encoding.Latin1.GetString(buffer, 0, count);
            heard += text;
            foreach (var command in text.Split('*', StringSplitOptions.RemoveEmptyEntries))
                if (!command.Contains("PSYNC", StringComparison.Ordinal)) stream.Write("+OK\r\n"u8);
        }

        stream.Write(Encoding.Latin1.GetBytes(BothServers.Arguments(answer.Replace(" ", "{space}", StringComparison.Ordinal))[0]));
    }
}
