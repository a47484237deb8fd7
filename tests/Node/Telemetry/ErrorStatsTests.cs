using Starling.Tests.Support;

namespace Starling.Node.Tests.Telemetry;

public sealed class ErrorStatsTests
{
    [Fact]
    public async Task Errors_that_end_waits_count_as_in_redis_server()
    {
        await using var starling = TestServer.Start();
        using var redis = ServerProcess.Start(ServerKind.Redis, "save ");
        var expected = Observe(redis.Port);
        Assert.Contains("errorstat_UNBLOCKED:count=2", expected);
        Assert.Equal(expected, Observe(starling.Port));
    }

    /// <summary>What INFO counts after two waits that end with errors, and one that ends as it should.</summary>
    private static List<string> Observe(int port)
    {
        using var waiting = new RespConnection(port);
        using var client = new RespConnection(port);
        var id = waiting.Text("CLIENT", "ID");
        client.Call("CONFIG", "RESETSTAT");
        foreach (var command in (string[][])[["BLPOP", "l", "0"], ["WAIT", "3", "0"]])
        {
            waiting.Send(command);
            Wait.Until("it waits", () => client.Call("CLIENT", "UNBLOCK", id, "ERROR") is 1L);
            Assert.StartsWith("UNBLOCKED", Assert.IsType<RespError>(waiting.Read()).Text, StringComparison.Ordinal);
        }

        Assert.Null(waiting.Call("BLPOP", "l", "0.001"));
        return
        [
            .. client.Text("INFO", "errorstats", "stats", "commandstats").Split("\r\n")
                .Where(line => line.StartsWith("errorstat_", StringComparison.Ordinal) || line.StartsWith("total_error", StringComparison.Ordinal)
                    || line.StartsWith("cmdstat_blpop", StringComparison.Ordinal))
                .Select(line => System.Text.RegularExpressions.Regex.Replace(line, "usec.*?,(?=rejected)", "")).Order(StringComparer.Ordinal),
        ];
    }
}
