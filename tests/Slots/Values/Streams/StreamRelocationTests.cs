using System.Globalization;
using System.Text;
using Starling.Slots.Keyspace;
using Starling.Slots.Values.Streams;

namespace Starling.Slots.Tests.Values.Streams;

/// <summary>Streams whose blocks are moved by a defragmenter stay what they are.</summary>
public sealed class StreamRelocationTests
{
    private const int Streams = 2000;

    [Fact]
    public void Nodes_groups_and_what_is_pending_are_moved_and_keep_their_content()
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions { HashSeed = 5, Arenas = 1 });
        for (var i = 0; i < Streams; i++) Fill(keyspace, i);
        var expected = new Dictionary<int, string>();
        for (var i = 0; i < Streams; i++)
        {
            if (i % 10 != 3) Assert.True(keyspace[0].Remove(Key(keyspace, i)));
            else if (keyspace[0].TryFind(Key(keyspace, i), out var entry)) expected[i] = StreamModel.Describe(entry);
        }

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
        foreach (var (number, content) in expected)
        {
            Assert.True(keyspace[0].TryFind(Key(keyspace, number), out var entry));
            StreamChecker.Check(entry);
            Assert.Equal(content, StreamModel.Describe(entry));
        }
    }

    private static void Fill(Keyspace.Keyspace keyspace, int number)
    {
        var entries = number % 40 == 3 ? 300 : 3;
        for (var i = 1; i <= entries; i++)
        {
            keyspace[0].TryFind(Key(keyspace, number), out var entry);
            var stream = keyspace[0].Open<StreamValue>(Key(keyspace, number), entry, 1);
            var id = new StreamId((ulong)i, 0);
            stream.Append(id, new StreamModel.Fields(["field", string.Create(CultureInfo.InvariantCulture, $"value {number}")]));
            if (i == 1) stream.CreateGroup("group"u8, default, 0);
            if (i == 1) stream.CreateConsumer(0, "consumer"u8, 0);
            stream.Deliver(0, new StreamPending(id, 0, i, 1));
        }
    }

    private static Key Key(Keyspace.Keyspace keyspace, int number) =>
        keyspace.Key(Encoding.ASCII.GetBytes("stream" + number.ToString(CultureInfo.InvariantCulture)));
}
