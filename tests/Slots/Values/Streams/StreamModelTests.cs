using Starling.Slots.Keyspace;
using Starling.Slots.Values;
using Starling.Slots.Values.Streams;

namespace Starling.Slots.Tests.Values.Streams;

/// <summary>A stream does what sorted dictionaries do, whatever the sizes of its nodes.</summary>
public sealed class StreamModelTests
{
    [Theory]
    [InlineData(4096, 100)]
    [InlineData(300, 0)]
    [InlineData(4096, 1)]
    [InlineData(4096, 3)]
    [InlineData(0, 0)]
    public void A_stream_agrees_with_sorted_dictionaries(long nodeBytes, long nodeEntries) =>
        Operations.Check(20, 800, operations =>
        {
            using var model = new StreamModel(new ValueOptions { StreamNodeMaxBytes = nodeBytes, StreamNodeMaxEntries = nodeEntries });
            foreach (var operation in operations) model.Run(operation);
            model.Verify();
            model.DeleteAll();
        });

    [Fact]
    public void Trees_of_several_levels_stay_in_order_while_ids_come_and_go_anywhere()
    {
        const int seed = 5;
        var random = new Random(seed);
        using var model = new StreamModel(ValueOptions.Default);
        model.Edit(stream => stream.Create());
        model.Edit(stream => Assert.True(stream.CreateGroup("g"u8, default, 0)));
        model.Edit(stream => Assert.Equal(0, stream.CreateConsumer(0, "c"u8, 1)));
        var pending = new SortedSet<StreamId>();
        for (var round = 0; round < 6; round++)
        {
            for (var i = 0; i < 5000; i++)
            {
                var id = new StreamId((ulong)random.Next(1000), (ulong)random.Next(40));
                if (round % 2 == 0 ? random.Next(8) > 0 : random.Next(8) == 0)
                {
                    pending.Add(id);
                    model.Edit(stream => stream.Deliver(0, new StreamPending(id, 0, i, 1)));
                    continue;
                }

                id = pending.Count > 0 && random.Next(3) > 0 ? pending.GetViewBetween(id, StreamId.Max).FirstOrDefault(id) : id;
                var isThere = pending.Remove(id);
                model.Edit(stream => Assert.Equal(isThere, stream.Acknowledge(0, id)));
            }

            Check(model, pending, $"seed {seed}, round {round}");
        }

        model.DeleteAll();
    }

    [Fact]
    public void A_full_node_is_packed_and_tells_the_listpack_that_it_was()
    {
        using var model = new StreamModel(ValueOptions.Default);
        using var plain = new StreamModel(new ValueOptions { StreamNodeMaxEntries = 0, StreamNodeMaxBytes = 0 });
        for (var i = 0; i < 100; i++) model.Append("field", $"value {i}", "number", $"{i}");
        for (var i = 0; i < 100; i++) plain.Append("field", $"value {i}", "number", $"{i}");
        var expected = plain.Content();
        var before = model.Keyspace.UsedBytes;
        Assert.Equal(expected, model.Content());
        model.Append("one", "more");
        Assert.True(model.Keyspace.UsedBytes < before, "the node takes less room than before");
        var node = expected.Split(' ')[2];
        Assert.Contains(node, model.Content(), StringComparison.Ordinal);
        model.Verify();
    }

    [Fact]
    public void A_million_pending_entries_take_no_more_than_sixty_four_bytes_each()
    {
        using var model = new StreamModel(ValueOptions.Default);
        model.Edit(stream => stream.Create());
        model.Edit(stream => stream.CreateGroup("g"u8, default, 0));
        model.Edit(stream => stream.CreateConsumer(0, "c"u8, 1));
        var before = model.Keyspace.UsedBytes;
        for (ulong i = 1; i <= 1_000_000; i++)
        {
            var id = new StreamId(i, 0);
            model.Edit(stream => stream.Deliver(0, new StreamPending(id, 0, 1, 1)));
        }

        Assert.InRange(model.Keyspace.UsedBytes - before, 56_000_000, 64_000_000);
        model.DeleteAll();
    }

    [Fact]
    public void Adding_and_reading_allocate_no_managed_memory()
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions());
        Work(keyspace);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Work(keyspace);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void Work(Keyspace.Keyspace keyspace)
    {
        var key = keyspace.Key("stream"u8);
        for (ulong i = 1; i < 1000; i++)
        {
            using var held = keyspace.LockSlot(key.Slot);
            keyspace[0].TryFind(key, out var entry);
            var stream = keyspace[0].Open<StreamValue>(key, entry, 1);
            stream.Append(new StreamId(i, 0), default(Constant));
            var range = stream.Range(new StreamId(i / 2, 0), StreamId.Max);
            if (!range.MoveNext()) throw new InvalidOperationException();
            if (i == 1) stream.CreateGroup("g"u8, default, 0);
            if (i == 1) stream.CreateConsumer(0, "c"u8, 0);
            stream.Deliver(0, new StreamPending(new StreamId(i, 0), 0, 1, 1));
            if (i % 2 == 0) stream.Acknowledge(0, new StreamId(i / 2, 0));
        }

        keyspace[0].Remove(key);
    }

    private static void Check(StreamModel model, SortedSet<StreamId> pending, string what) => model.Edit(stream =>
    {
        Assert.True(model.Keyspace[0].TryFind(model.Keyspace.Key("{s}"u8), out var entry));
        StreamChecker.Check(entry);
        Assert.True(pending.Count == stream.Group(0).PendingCount, what);
        var range = stream.Group(0).Pending(StreamId.Min);
        foreach (var id in pending) Assert.True(range.MoveNext() && range.Id == id, what);
        Assert.False(range.MoveNext());
    });

    private readonly struct Constant : IStreamElements
    {
        public int Count => 2;

        public ReadOnlySpan<byte> this[int index] => index == 0 ? "field"u8 : "some value of some length"u8;
    }
}
