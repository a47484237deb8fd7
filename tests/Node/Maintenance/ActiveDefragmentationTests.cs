using System.Globalization;
using Starling.Node.Config;
using Starling.Node.Maintenance;
using Starling.Resp;

namespace Starling.Node.Tests.Maintenance;

public sealed class ActiveDefragmentationTests
{
    private const int Keys = 60_000;
    private const int Batch = 1000;

    [Theory]
    [InlineData(1000, 99, 0)]
    [InlineData(10_000, 999, 0)]
    [InlineData(10_000, 1000, 1)]
    [InlineData(10_000, 5500, 13)]
    [InlineData(10_000, 10_000, 25)]
    [InlineData(10_000, 90_000, 25)]
    [InlineData(0, 100, 25)]
    public void The_effort_grows_with_the_fragmentation_between_the_thresholds(long used, long reclaimable, int percent) =>
        Assert.Equal(percent, ActiveDefragmentation.Effort(new ServerConfig { ActiveDefragIgnoreBytes = 100 }, used, reclaimable));

    [Fact]
    public void There_is_no_effort_when_it_is_turned_off_and_thresholds_may_be_set_in_any_order()
    {
        Assert.Equal(0, ActiveDefragmentation.Effort(
            new ServerConfig { ActiveDefrag = false, ActiveDefragIgnoreBytes = 1 }, 1000, 100_000));
        var upsideDown = new ServerConfig
        {
            ActiveDefragIgnoreBytes = 1,
            ActiveDefragThresholdLower = 100,
            ActiveDefragThresholdUpper = 10,
            ActiveDefragCycleMin = 50,
            ActiveDefragCycleMax = 5,
        };
        Assert.Equal(0, ActiveDefragmentation.Effort(upsideDown, 1000, 990));
        Assert.InRange(ActiveDefragmentation.Effort(upsideDown, 1000, 5000), 5, 50);
    }

    [Fact]
    public async Task The_memory_of_deleted_keys_comes_back_and_the_others_stay_as_they_are()
    {
        await using var server = TestServer.Start(config => config.ActiveDefragIgnoreBytes = 1 << 20);
        var client = await server.ConnectAsync();
        await Send(client, Enumerable.Range(0, Keys), number => ["SET", Key(number), Value(number)]);
        var full = server.Node.ActiveDefragmentation.Usage;
        var random = new Random(17);
        var kept = Enumerable.Range(0, Keys).Where(_ => random.Next(10) == 0).ToHashSet();
        await Send(client, Enumerable.Range(0, Keys).Where(number => !kept.Contains(number)), number => ["DEL", Key(number)]);

        await Eventually.True(() =>
        {
            var usage = server.Node.ActiveDefragmentation.Usage;
            return usage.Reclaimable < 1 << 20 && usage.Resident < full.Resident * 3 / 4;
        });
        await Eventually.True(() => Field(server, "memory", "active_defrag_running") == 0);
        Assert.True(Field(server, "stats", "active_defrag_key_hits") > 0);
        Assert.True(Field(server, "stats", "active_defrag_hits") >= Field(server, "stats", "active_defrag_key_hits"));
        Assert.Equal(0, Field(server, "stats", "current_active_defrag_time"));
        foreach (var number in kept) Assert.Equal(Value(number), await client.TextAsync("GET", Key(number)));
        await client.CallAsync("CONFIG", "RESETSTAT");
        Assert.Equal(0, Field(server, "stats", "active_defrag_key_hits"));
        Assert.Equal(0, Field(server, "stats", "total_active_defrag_time"));
    }

    [Fact]
    public async Task Info_tells_how_much_of_the_memory_is_used_touched_and_held()
    {
        await using var server = TestServer.Start(config => config.ActiveDefrag = false);
        var client = await server.ConnectAsync();
        await Send(client, Enumerable.Range(0, Keys), number => ["SET", Key(number), Value(number)]);
        await Send(client, Enumerable.Range(0, Keys).Where(number => number % 10 != 0), number => ["DEL", Key(number)]);
        var allocated = Field(server, "memory", "allocator_allocated");
        var active = Field(server, "memory", "allocator_active");
        var resident = Field(server, "memory", "allocator_resident");
        Assert.InRange(allocated, 1, active);
        Assert.InRange(active, allocated, resident);

        // Holes are everywhere, so that nearly every block is still in use.
        var usage = server.Node.ActiveDefragmentation.Usage;
        Assert.True(usage.Reclaimable > usage.Used);
        Assert.InRange(active, usage.Active, long.MaxValue);
        Assert.InRange(resident, usage.Resident, long.MaxValue);
    }

    private static string Key(int number) => "k" + number.ToString("D10", CultureInfo.InvariantCulture);

    private static string Value(int number) => "value of " + number.ToString("D180", CultureInfo.InvariantCulture);

    private static async Task Send(TestClient client, IEnumerable<int> numbers, Func<int, string[]> command)
    {
        foreach (var batch in numbers.Chunk(Batch))
        {
            await client.SendAsync(batch.SelectMany(number => TestClient.Encode(command(number))).ToArray());
            foreach (var _ in batch) Assert.NotEqual(RespKind.Error, (await client.ReadAsync()).Kind);
        }
    }

    private static long Field(TestServer server, string section, string name)
    {
        var line = server.Node.Info.Render([section]).Split("\r\n").First(text => text.StartsWith(name + ":", StringComparison.Ordinal));
        return long.Parse(line[(name.Length + 1)..], CultureInfo.InvariantCulture);
    }
}
