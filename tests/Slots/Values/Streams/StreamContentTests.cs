using System.Globalization;
using Starling.Slots.Keyspace;
using Starling.Slots.Values;

namespace Starling.Slots.Tests.Values.Streams;

/// <summary>What a stream makes of content from outside.</summary>
public sealed class StreamContentTests
{
    private static readonly byte[] Node = ListpackTests.Make(
    [
        .. Texts("2", "1", "1", "f", "0"),
        .. Texts("2", "0", "0", "a", "4"),
        .. Texts("3", "0", "1", "b", "4"),
        .. Texts("0", "5", "-1", "1", "g", "c", "6"),
    ]);

    [Fact]
    public void Every_form_makes_the_same_stream_but_for_what_it_does_not_know()
    {
        object[] nodes = [1UL, Id(7, 3), Node];
        object[] counters = [2UL, 12UL, 2UL];
        object[] newer = [7UL, 3UL, 7UL, 4UL, 3UL];
        object[] pending = [1UL, Id(7, 3), Time(99), 4UL];
        var expected = Load(
            ContentForm.StreamNodes2,
            [.. nodes, .. counters, .. newer, 1UL, Bytes("grp"), 7UL, 3UL, 1UL, .. pending, 1UL, Bytes("c"), Time(5), 1UL, Id(7, 3)]);
        Assert.StartsWith("1 ", expected, StringComparison.Ordinal);
        Assert.Equal(expected, Load(
            ContentForm.StreamNodes3,
            [.. nodes, .. counters, .. newer, 1UL, Bytes("grp"), 7UL, 3UL, 1UL, .. pending, 1UL, Bytes("c"), Time(5), Time(6), 1UL, Id(7, 3)]));
        Assert.Equal(
            expected.Replace("7 3 7 4 3 1 ", "7 3 0 0 2 1 ", StringComparison.Ordinal),
            Load(
                ContentForm.StreamNodes,
                [.. nodes, .. counters, 1UL, Bytes("grp"), 7UL, 3UL, .. pending, 1UL, Bytes("c"), Time(5), 1UL, Id(7, 3)]));
    }

    [Fact]
    public void A_stream_without_entries_is_a_stream() =>
        Assert.Equal("0 0 5 1 0 0 4 4 9 0", Load(ContentForm.StreamNodes2, 0UL, 0UL, 5UL, 1UL, 0UL, 0UL, 4UL, 4UL, 9UL, 0UL));

    [Fact]
    public void Content_that_is_cut_anywhere_makes_nothing_and_leaks_nothing()
    {
        object[] whole =
        [
            1UL, Id(7, 3), Node, 2UL, 12UL, 2UL, 7UL, 3UL, 7UL, 4UL, 3UL, 1UL, Bytes("grp"), 7UL, 3UL, 1UL,
            1UL, Id(7, 3), Time(99), 4UL, 1UL, Bytes("c"), Time(5), 1UL, Id(7, 3),
        ];
        for (var length = 0; length < whole.Length; length++)
            Assert.Equal("EndedEarly", Load(ContentForm.StreamNodes2, whole[..length]));
    }

    [Theory]
    [InlineData("2 0 1 f 0 2 0 0 a 4")] // one entry less than stated
    [InlineData("1 0 1 f 0 2 0 0 a 4 2 0 1 b 4")] // one more
    [InlineData("1 0 1 f 0 2 0 0 a 5")] // wrong number of elements
    [InlineData("1 0 2 f 0 2 0 0 a 4")] // fields that are not there
    [InlineData("1 0 -1 0 2 0 0 a 4")]
    [InlineData("1 0 1 f 1 2 0 0 a 4")] // no end of the fields
    [InlineData("1 0 1 f 0 4 0 0 a 4")] // unknown flag
    [InlineData("1 0 1 f 0 -1 0 0 a 4")]
    [InlineData("1 0 1 f 0 x 0 0 a 4")] // no number
    [InlineData("1 0 1 f 0 2 -1 0 a 4")] // before its node
    [InlineData("2 0 1 f 0 2 0 1 a 4 2 0 1 b 4")] // the same id twice
    [InlineData("2 0 1 f 0 2 0 1 a 4 2 0 0 b 4")] // falling ids
    [InlineData("1 0 1 f 0 0 0 0 9223372036854775807 g c 6")]
    [InlineData("1 0 1 f 0 2 0 0 a")]
    [InlineData("0 0 1 f 0")]
    [InlineData("1 0")]
    [InlineData("-1 2 1 f 0 3 0 0 a 4")]
    public void A_node_whose_structure_is_broken_makes_nothing_and_leaks_nothing(string elements)
    {
        var node = ListpackTests.Make([.. Texts(elements.Split(' '))]);
        var live = long.Parse(elements.Split(' ')[0], CultureInfo.InvariantCulture);
        Assert.Equal("Invalid", Load(
            ContentForm.StreamNodes2, 1UL, Id(7, 3), node, (ulong)Math.Max(0, live), 99UL, 0UL, 7UL, 3UL, 0UL, 0UL, 9UL, 0UL));
    }

    [Fact]
    public void What_refers_to_nothing_makes_nothing_and_leaks_nothing()
    {
        object[] start = [1UL, Id(7, 3), Node, 2UL, 12UL, 2UL, 7UL, 3UL, 7UL, 4UL, 3UL];
        object[] group = [1UL, Bytes("grp"), 7UL, 3UL, 1UL];
        object[] pending = [1UL, Id(7, 3), Time(99), 4UL];
        void Refuses(params object[] rest) => Assert.Equal("Invalid", Load(ContentForm.StreamNodes2, [.. start, .. rest]));

        // Pending with nobody; with one who has another; twice; with two.
        Refuses([.. group, .. pending, 0UL]);
        Refuses([.. group, .. pending, 1UL, Bytes("c"), Time(5), 1UL, Id(7, 4)]);
        Refuses([.. group, 2UL, Id(7, 3), Time(99), 4UL, Id(7, 3), Time(99), 4UL]);
        Refuses([.. group, .. pending, 2UL, Bytes("c"), Time(5), 1UL, Id(7, 3), Bytes("d"), Time(5), 1UL, Id(7, 3)]);

        // The same consumer twice, the same group twice.
        Refuses([.. group, 0UL, 2UL, Bytes("c"), Time(5), 0UL, Bytes("c"), Time(5), 0UL]);
        Refuses(2UL, Bytes("grp"), 7UL, 3UL, 1UL, 0UL, 0UL, Bytes("grp"), 7UL, 3UL, 1UL, 0UL, 0UL);

        // Another length, a last id that is too small, nodes in the wrong order, no id.
        object[] end = [7UL, 3UL, 7UL, 4UL, 3UL, 0UL];
        Assert.Equal("Invalid", Load(ContentForm.StreamNodes2, [1UL, Id(7, 3), Node, 3UL, 12UL, 2UL, .. end]));
        Assert.Equal("Invalid", Load(ContentForm.StreamNodes2, [1UL, Id(7, 3), Node, 2UL, 12UL, 1UL, .. end]));
        Assert.Equal("Invalid", Load(ContentForm.StreamNodes2, [2UL, Id(7, 3), Node, Id(7, 4), Node, 4UL, 99UL, 2UL, .. end]));
        Assert.Equal("Invalid", Load(ContentForm.StreamNodes2, [1UL, Bytes("short"), Node, 2UL, 12UL, 2UL, .. end]));
    }

    private static IEnumerable<byte[]> Texts(params string[] texts) => texts.Select(Bytes);

    private static byte[] Bytes(string text) => System.Text.Encoding.ASCII.GetBytes(text);

    private static byte[] Id(ulong milliseconds, ulong sequence)
    {
        var bytes = new byte[16];
        new Starling.Slots.Values.Streams.StreamId(milliseconds, sequence).Write(bytes);
        return bytes;
    }

    private static byte[] Time(long time) => BitConverter.GetBytes(time);

    /// <summary>The content of what was read, or why it was not.</summary>
    private static string Load(ContentForm form, params object[] pieces)
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions());
        var key = keyspace.Key("k"u8);
        keyspace[0].SetString(key, "x"u8, Entry.NoExpiry, 0);
        keyspace[0].Remove(key);
        var before = keyspace.UsedBytes;
        var outcome = keyspace[0].Load(key.Slot, form, new ContentRecorder(pieces), out var value);
        if (outcome != ContentOutcome.Read)
        {
            Assert.Equal(before, keyspace.UsedBytes);
            return outcome.ToString();
        }

        keyspace[0].Put(key, value, Entry.NoExpiry, 0);
        Assert.True(keyspace[0].TryFind(key, out var entry));
        StreamChecker.Check(entry);
        var content = StreamModel.Describe(entry);
        keyspace[0].Remove(key);
        Assert.Equal(before, keyspace.UsedBytes);
        return content;
    }
}
