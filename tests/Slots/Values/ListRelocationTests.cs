using System.Globalization;
using System.Text;
using Starling.Slots.Keyspace;
using Starling.Slots.Values;

namespace Starling.Slots.Tests.Values;

/// <summary>Lists whose blocks are moved by a defragmenter stay what they are.</summary>
public sealed class ListRelocationTests
{
    private const int Lists = 3000;
    private static readonly ValueOptions Options = new() { ListMaxListpackSize = 16 };

    [Fact]
    public void Small_lists_and_trees_are_moved_and_keep_their_elements()
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions { HashSeed = 5, Arenas = 1 });
        keyspace.ValueOptions = Options;
        for (var i = 0; i < Lists; i++) Fill(keyspace, i);
        for (var i = 0; i < Lists; i++)
            if (i % 10 != 3) Assert.True(keyspace[0].Remove(Key(keyspace, i)));
        var memory = new KeyspaceMemory(keyspace);
        var before = memory.Usage;
        Assert.True(before.Reclaimable > 5 * (64 << 10));

        var defragmenter = new Defragmenter(keyspace);
        defragmenter.Begin();
        while (defragmenter.Advance())
        {
        }

        Assert.Equal(0, memory.Usage.Reclaimable);
        Assert.Equal(before.Used, memory.Usage.Used);
        Assert.True(defragmenter.Counts.Hits > defragmenter.Counts.KeyHits);
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        for (var i = 3; i < Lists; i += 10)
        {
            Assert.True(keyspace[0].TryFind(Key(keyspace, i), out var entry));
            ListChecker.Check(entry, Options);
            var list = keyspace[0].Open<ListValue>(Key(keyspace, i), entry, 1);
            Assert.Equal(Length(i), list.Count);
            var at = 0;
            foreach (var element in list.Range(0, list.Count))
                Assert.True(element.Text(scratch).SequenceEqual(Element(i, at++)));
        }
    }

    private static void Fill(Keyspace.Keyspace keyspace, int number)
    {
        for (var i = 0; i < Length(number); i++)
        {
            keyspace[0].TryFind(Key(keyspace, number), out var entry);
            keyspace[0].Open<ListValue>(Key(keyspace, number), entry, 1).Push(Element(number, i), atHead: false);
        }
    }

    /// <summary>Mostly lists of one listpack, some of a tree of two levels.</summary>
    private static int Length(int number) => number % 40 == 3 ? 600 : 8;

    private static Key Key(Keyspace.Keyspace keyspace, int number) =>
        keyspace.Key(Encoding.ASCII.GetBytes("list" + number.ToString(CultureInfo.InvariantCulture)));

    private static byte[] Element(int number, int index) =>
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"element {index} of list {number}"));
}
