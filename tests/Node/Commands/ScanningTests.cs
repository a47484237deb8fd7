using System.Globalization;

namespace Starling.Node.Tests.Commands;

public sealed class ScanningTests
{
    [Fact]
    public async Task A_reply_of_scan_is_bounded_whatever_count_says_and_the_cursor_goes_on()
    {
        const int Keys = 300, Length = 1024 * 1024;
        await using var server = TestServer.Start();
        using var client = new RawConnection(server.Port);
        var padding = new string('x', Length - 3);
        for (var i = 0; i < Keys; i++) Assert.Equal("OK", client.Call("SET", i.ToString("D3", CultureInfo.InvariantCulture) + padding, "v").Text);
        var sizes = new List<int>();
        var cursor = "0";
        do
        {
            var reply = client.Call("SCAN", cursor, "COUNT", "9223372036854775807");
            cursor = reply.Items[0].Text!;
            sizes.Add(reply.Items[1].Items.Count);
        }
        while (cursor != "0");
        Assert.Equal(Keys, sizes.Sum());
        Assert.Equal(2, sizes.Count);
        Assert.InRange(sizes[0], 255, 260);
    }

    [Theory]
    [InlineData(false, "k:", 1)]
    [InlineData(false, "k:", 10)]
    [InlineData(false, "{tag}", 7)]
    [InlineData(true, "{tag}", 10)]
    [InlineData(false, "k:", 100000)]
    public async Task Scan_shows_every_key_that_stays_while_others_come_and_go(bool sameSlotChurn, string prefix, int count)
    {
        const int Staying = 500;
        await using var server = TestServer.Start();
        using var client = new RawConnection(server.Port);
        client.CallAll([.. Enumerable.Range(0, Staying).Select(i => new[] { "SET", prefix + Text(i), "v" })]);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var cursor = "0";
        var step = 0;
        do
        {
            var reply = client.Call("SCAN", cursor, "COUNT", Text(count), "MATCH", prefix + "*");
            cursor = reply.Items[0].Text!;
            seen.UnionWith(reply.Items[1].Items.Select(i => i.Text!));

            // Tables grow at first, then shrink.
            var name = (sameSlotChurn ? "{tag}churn" : "churn") + Text(step % 100 * 50);
            client.CallAll([.. Enumerable.Range(0, 50).Select(i => new[] { step / 100 % 2 == 0 ? "SET" : "DEL", name + Text(i), "v" })]);
            step++;
        }
        while (cursor != "0");
        Assert.Empty(Enumerable.Range(0, Staying).Select(i => prefix + Text(i)).Except(seen));
    }

    [Fact]
    public async Task Without_changes_scan_shows_no_key_twice_and_keys_agrees()
    {
        await using var server = TestServer.Start();
        using var client = new RawConnection(server.Port);
        client.CallAll([.. Enumerable.Range(0, 2000).Select(i => new[] { "SET", (i % 2 == 0 ? "{one}" : "") + Text(i), "v" })]);
        var seen = ScanAll(client, "7");
        Assert.Equal(2000, seen.Count);
        Assert.Equal(2000, seen.Distinct().Count());
        Assert.Equal(seen.Order(StringComparer.Ordinal), client.Call("KEYS", "*").Items.Select(i => i.Text!).Order(StringComparer.Ordinal));
        Assert.Equal(1000, client.Call("KEYS", "{one}*").Items.Count);
    }

    [Fact]
    public async Task Any_number_is_a_safe_cursor()
    {
        await using var server = TestServer.Start();
        using var client = new RawConnection(server.Port);
        client.CallAll([.. Enumerable.Range(0, 300).Select(i => new[] { "SET", "{t}" + Text(i), "v" })]);
        var random = new Random(5);
        for (var i = 0; i < 2000; i++)
        {
            var cursor = ((ulong)random.NextInt64() << random.Next(2)).ToString(CultureInfo.InvariantCulture);
            Assert.Equal(2, client.Call("SCAN", cursor, "COUNT", "5").Items.Count);
        }

        Assert.Equal(2, client.Call("SCAN", "18446744073709551615").Items.Count);
    }

    [Fact]
    public async Task Random_keys_come_from_every_slot_by_its_share()
    {
        await using var server = TestServer.Start();
        using var client = new RawConnection(server.Port);
        client.CallAll([.. Enumerable.Range(0, 300).Select(i => new[] { "SET", "{heavy}" + Text(i), "v" }),
            .. Enumerable.Range(0, 100).Select(i => new[] { "SET", "light" + Text(i), "v" })]);
        var heavy = client.CallAll([.. Enumerable.Range(0, 2000).Select(_ => new[] { "RANDOMKEY" })])
            .Count(r => r.Text!.StartsWith("{heavy}", StringComparison.Ordinal));
        Assert.InRange(heavy, 1350, 1650);
    }

    private static List<string> ScanAll(RawConnection client, string count)
    {
        var seen = new List<string>();
        var cursor = "0";
        do
        {
            var reply = client.Call("SCAN", cursor, "COUNT", count);
            cursor = reply.Items[0].Text!;
            seen.AddRange(reply.Items[1].Items.Select(i => i.Text!));
        }
        while (cursor != "0");
        return seen;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
