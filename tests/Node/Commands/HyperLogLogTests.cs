using System.Globalization;
using System.Text;

namespace Starling.Node.Tests.Commands;

public sealed class HyperLogLogTests
{
    [Fact]
    public async Task Pfselftest_finds_nothing_wrong()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        Assert.Equal("OK", await client.TextAsync("PFSELFTEST"));
    }

    [Fact]
    public async Task Counting_caches_the_cardinality_and_adding_invalidates_it()
    {
        await using var server = TestServer.Start();
        using var client = new RawConnection(server.Port);
        client.Call("PFADD", "h", "a", "b", "c");
        Assert.True(client.Call("GET", "h").Text![15] >= 0x80);
        Assert.Equal(3, client.Call("PFCOUNT", "h").Number);
        Assert.Equal("\x0003\0\0\0\0\0\0\0", client.Call("GET", "h").Text![8..16]);
        Assert.Equal(0, client.Call("PFADD", "h", "a").Number);
        Assert.Equal("\x0003\0\0\0\0\0\0\0", client.Call("GET", "h").Text![8..16]);
        Assert.Equal(1, client.Call("PFADD", "h", "d").Number);
        Assert.True(client.Call("GET", "h").Text![15] >= 0x80);
    }

    [Fact]
    public async Task A_sparse_one_becomes_dense_when_it_would_be_longer_than_the_directive_says()
    {
        await using var server = TestServer.Start(config => config.HllSparseMaxBytes = 40);
        using var client = new RawConnection(server.Port);
        for (var i = 0; client.Call("PFDEBUG", "ENCODING", "h").Text != "dense"; i++)
        {
            Assert.True(i < 20);
            client.Call("PFADD", "h", i.ToString(CultureInfo.InvariantCulture));
            Assert.Equal(i + 1, client.Call("PFCOUNT", "h").Number);
        }

        Assert.Equal(12304, client.Call("STRLEN", "h").Number);
    }

    /// <summary>
    /// Strings that begin like a HyperLogLog, cut, mutated and longer than one can be, are answered and change nothing else.
    /// </summary>
    [Fact]
    public async Task Corrupt_ones_are_errors_or_numbers_and_never_more()
    {
        const int Seed = 20261127;
        await using var server = TestServer.Start();
        using var client = new RawConnection(server.Port);
        var random = new Random(Seed);
        client.Call(["PFADD", "good", .. Enumerable.Range(0, 400).Select(i => i.ToString(CultureInfo.InvariantCulture))]);
        var good = client.Call("GET", "good").Text!;
        for (var i = 0; i < 3000; i++)
        {
            var text = Mutate(random, good);
            var replies = client.CallAll(
            [
                ["SET", "h", text], ["PFCOUNT", "h"], ["PFCOUNT", "h", "good"], ["PFADD", "h", "x" + i.ToString(CultureInfo.InvariantCulture)],
                ["PFDEBUG", "DECODE", "h"], ["PFMERGE", "h", "good"], ["PFMERGE", "merged", "h"], ["PFDEBUG", "TODENSE", "h"], ["PFCOUNT", "h"],
            ]);
            foreach (var reply in replies)
            {
                Assert.True(
                    reply.Type != '-' || reply.Text is "INVALIDOBJ Corrupted HLL object detected" or "WRONGTYPE Key is not a valid HyperLogLog string value."
                        or "ERR HLL encoding is not sparse",
                    $"seed {Seed}, round {i}: {reply}");
            }
        }

        Assert.Equal(good, client.Call("GET", "good").Text);
    }

    [Theory]
    [InlineData("")] // no run at all
    [InlineData("\u007f")] // half a run
    [InlineData("\u007f\u00fe")] // a register too few
    [InlineData("\u007f\u00ff\0")] // a register too many
    [InlineData("\u007f\u00fd\u0083")] // runs that go beyond the last register
    public async Task Runs_that_are_not_all_registers_are_corrupt(string runs)
    {
        await using var server = TestServer.Start();
        using var client = new RawConnection(server.Port);
        client.Call("SET", "h", "HYLL\x0001\0\0\0\0\0\0\0\0\0\0\u0080" + runs);
        const string Corrupt = "INVALIDOBJ Corrupted HLL object detected";
        Assert.Equal(Corrupt, client.Call("PFCOUNT", "h").Text);
        Assert.Equal(Corrupt, client.Call("PFCOUNT", "h", "other").Text);
        Assert.Equal(Corrupt, client.Call("PFMERGE", "other", "h").Text);
        Assert.Equal(Corrupt, client.Call("PFDEBUG", "TODENSE", "h").Text);
        Assert.Equal(Corrupt, client.Call("PFDEBUG", "GETREG", "h").Text);
        Assert.Equal(0, client.Call("EXISTS", "other").Number);
    }

    private static string Mutate(Random random, string good)
    {
        var text = new StringBuilder(good);
        for (var changes = random.Next(6); changes > 0; changes--) text[4 + random.Next(text.Length - 4)] = (char)random.Next(256);
        if (random.Next(3) == 0) text.Remove(16 + random.Next(text.Length - 16), 1);
        if (random.Next(3) == 0) text.Length = random.Next(text.Length);
        if (random.Next(4) == 0) text.Append('\u007f', random.Next(200));
        if (random.Next(20) == 0) text.Append('\u00ff', 40_000);
        return text.ToString();
    }
}
