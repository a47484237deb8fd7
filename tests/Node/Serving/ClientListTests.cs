using System.Globalization;

namespace Starling.Node.Tests.Serving;

public sealed class ClientListTests
{
    [Fact]
    public async Task CLIENT_LIST_describes_clients_that_are_in_the_middle_of_commands()
    {
        await using var server = TestServer.Start();
        var writers = new List<Task>();
        using var stop = new CancellationTokenSource();
        for (var i = 0; i < 2; i++)
        {
            var client = await server.ConnectAsync();
            writers.Add(Task.Run(async () =>
            {
                // Many arguments, then few: the list of their places grows and shrinks.
                var many = TestClient.Encode(["MGET", .. Enumerable.Range(0, 200).Select(n => "k:" + n.ToString(CultureInfo.InvariantCulture))]);
                var few = TestClient.Encode("GET", "a");
                var batch = Enumerable.Repeat((byte[])[.. few, .. many, .. few], 20).SelectMany(bytes => bytes).ToArray();
                while (!stop.IsCancellationRequested)
                {
                    await client.SendAsync(batch);
                    for (var reply = 0; reply < 60; reply++) await client.ReadAsync();
                }
            }, stop.Token));
        }

        var looking = await server.ConnectAsync();
        for (var i = 0; i < 300; i++)
        {
            var connecting = await TestClient.ConnectAsync(server.Port);
            var mget = TestClient.Encode(["MGET", .. Enumerable.Range(0, 100).Select(n => "k:" + n.ToString(CultureInfo.InvariantCulture))]);
            await connecting.SendAsync(mget);
            var text = await looking.TextAsync("CLIENT", "LIST");
            Assert.StartsWith("id=", text, StringComparison.Ordinal);
            connecting.Dispose();
        }

        await stop.CancelAsync();
        await Task.WhenAll(writers);
    }
}
