using Starling.Tests.Support;

namespace Starling.Executable.Tests;

/// <summary>A server whose heap is limited, as in a container.</summary>
public sealed class MemoryLimitTests
{
    [Theory]
    [InlineData("0x4000000")]
    [InlineData("0x8000000")]
    public void Clients_that_send_more_than_there_is_room_for_are_closed_and_nobody_else(string heapLimit)
    {
        var port = Ports.Take();
        using var server = new RunningServer(
            ["server", "--port", RunningServer.Text(port), "--bind", "127.0.0.1", "--save", ""],
            environment: new() { ["DOTNET_GCHeapHardLimit"] = heapLimit });
        server.WaitForLine("Ready to accept");
        using var other = new RespConnection(port);
        Assert.Equal("OK", other.Text("SET", "k", "v"));
        var half = new byte[19_000_000];
        var greedy = new List<RespConnection>();
        for (var i = 0; i < 10; i++)
        {
            var client = new RespConnection(port);
            greedy.Add(client);
            try
            {
                client.SendRaw("*3\r\n$3\r\nSET\r\n$4\r\nhalf\r\n$20000000\r\n"u8.ToArray());
                client.SendRaw(half);
            }
            catch (Exception error) when (error is IOException or System.Net.Sockets.SocketException)
            {
                continue; // closed, as it should be
            }
        }

        Wait.Until("some were closed", () => server.Output.Contains("finds no memory", StringComparison.Ordinal));
        Assert.Equal("PONG", other.Text("PING"));
        foreach (var client in greedy) client.Dispose();
        Wait.Until("there is room again", () =>
        {
            try
            {
                using var client = new RespConnection(port);
                return client.Text("SET", "big", new string('x', 1_000_000)) == "OK";
            }
            catch (Exception error) when (error is IOException or System.Net.Sockets.SocketException)
            {
                return false;
            }
        });
        Assert.Equal("v", other.Text("GET", "k"));
    }
}
