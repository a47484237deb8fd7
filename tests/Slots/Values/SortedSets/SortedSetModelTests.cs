using Starling.Slots.Keyspace;
using Starling.Slots.Values;
using Starling.Slots.Values.SortedSets;

namespace Starling.Slots.Tests.Values.SortedSets;

/// <summary>A sorted set does what a sorted array does, small or large.</summary>
public sealed class SortedSetModelTests
{
    [Theory]
    [InlineData(128, 64, 40, 8)]
    [InlineData(8, 64, 30, 8)]
    [InlineData(8, 64, 400, 1)]
    [InlineData(0, 64, 300, 1000)]
    [InlineData(128, 7, 60, 20)]
    public void A_sorted_set_agrees_with_a_sorted_array(int entries, int longest, int members, int scores) =>
        Operations.Check(15, 800, operations =>
        {
            var options = new ValueOptions { SortedSetMaxListpackEntries = entries, SortedSetMaxListpackValue = longest };
            using var model = new SortedSetModel(options, members, scores);
            foreach (var operation in operations) model.Run(operation);
            model.Verify();
            model.DeleteAll();
        });

    [Theory]
    [InlineData(3)]
    [InlineData(1_000_000)]
    public void A_set_of_several_levels_agrees_with_a_sorted_array_while_it_grows_and_shrinks(int scores)
    {
        for (var seed = 1; seed <= 2; seed++)
        {
            using var model = new SortedSetModel(ValueOptions.Default, 30_000, scores);
            var random = new Random(seed);
            for (var i = 0; i < 20_000; i++) model.Grow(random);
            model.Verify();
            Assert.True(model.Levels >= 3, $"seed {seed}");
            for (var i = 0; i < 30; i++) model.LookUp(random);
            while (model.Elements.Count > 1000)
            {
                model.RemoveRange(random);
                model.LookUp(random);
            }

            model.Verify();
            for (var i = 0; i < 3000; i++) model.Grow(random);
            model.Verify();
            while (model.Elements.Count > 0) model.RemoveRange(random);
            model.Verify();
            model.DeleteAll();
        }
    }

    [Fact]
    public void Members_are_cut_by_their_bytes()
    {
        foreach (var entries in new[] { 0, 128 })
        {
            using var model = new SortedSetModel(new ValueOptions { SortedSetMaxListpackEntries = entries }, 1, 1);
            foreach (var member in new[] { "a", "b", "ba", "100", "\u00ff", "" }) model.Change(member, 7, SortedSetConditions.None);
            var set = model.Open();
            Assert.Equal(1, set.RankOf(SortedSetCut.Before("100"u8)));
            Assert.Equal(2, set.RankOf(SortedSetCut.Behind("100"u8)));
            Assert.Equal(3, set.RankOf(SortedSetCut.Before("aa"u8)));
            Assert.Equal(4, set.RankOf(SortedSetCut.Behind("b"u8)));
            Assert.Equal(5, set.RankOf(SortedSetCut.Before([0xFE])));
            Assert.Equal(0, set.RankOf(SortedSetCut.Before(""u8)));
            Assert.Equal(1, set.RankOf(SortedSetCut.Behind(""u8)));
        }
    }

    [Fact]
    public void A_scan_meets_every_element_that_stays_while_others_come_and_go()
    {
        using var model = new SortedSetModel(ValueOptions.Default, 1, 1);
        for (var i = 0; i < 3000; i++) model.Change("stays" + i, i, SortedSetConditions.None);
        var seen = new Collector();
        var random = new Random(5);
        ulong cursor = 0;
        var steps = 0;
        do
        {
            cursor = model.Open().Scan(cursor, ref seen);
            if (steps < 3000) model.Change("other" + steps++, random.Next(), SortedSetConditions.None);
            else model.Remove("other" + (6000 - steps++));
        }
        while (cursor != 0);
        Assert.Superset(Enumerable.Range(0, 3000).Select(i => "stays" + i).ToHashSet(), seen.Members);
    }

    [Fact]
    public void A_copy_has_the_same_elements_and_no_block_in_common()
    {
        foreach (var count in new[] { 10, 5000 })
        {
            using var model = new SortedSetModel(ValueOptions.Default, 100_000, 50);
            var random = new Random(count);
            while (model.Elements.Count < count) model.Grow(random);
            var before = SortedSetModel.Read(model.Open().Range(0, count));
            var to = model.Keyspace.Key("{zset}copy"u8);

            Assert.True(model.Keyspace[0].Copy(model.Keyspace.Key("zset"u8), model.Keyspace[0], to));
            Assert.True(model.Keyspace[0].TryFind(to, out var copy));
            SortedSetChecker.Check(copy, ValueOptions.Default);
            for (var i = 0; i < 2000; i++) model.Grow(random);
            var set = model.Keyspace[0].Open<SortedSetValue>(to, copy, 0);
            Assert.Equal(before, SortedSetModel.Read(set.Range(0, count)));
            model.Keyspace[0].Remove(to);
            model.DeleteAll();
        }
    }

    [Fact]
    public void A_small_set_keeps_no_room_for_later()
    {
#if DEBUG
        const int Slack = 112; // its block has guards, and may be of the next size for them
#else
        const int Slack = 80;
#endif
        using var model = new SortedSetModel(ValueOptions.Default, 1, 1);
        for (var i = 0; i < 100; i++)
        {
            model.Change("member:" + i, i * 0.5, SortedSetConditions.None);
            Assert.True(model.Keyspace[0].TryFind(model.Keyspace.Key("zset"u8), out var entry));
            var listpack = ContentRecorder.Of(entry).Length / 2; // which is longer than what is kept
            Assert.InRange(entry.AllocatedBytes, listpack / 2, listpack + Slack);
        }
    }

    [Fact]
    public void The_hot_operations_allocate_no_managed_memory()
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions());
        Work(keyspace);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Work(keyspace);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void Work(Keyspace.Keyspace keyspace)
    {
        var key = keyspace.Key("zset"u8);
        Span<byte> member = stackalloc byte[8];
        for (var i = 0; i < 1000; i++)
        {
            System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(member, i * 7919L);
            using var held = keyspace.LockSlot(key.Slot);
            keyspace[0].TryFind(key, out var entry);
            var set = keyspace[0].Open<SortedSetValue>(key, entry, 1);
            set.Change(member, i % 10 * 0.5, SortedSetConditions.None, out _);
            set.Change(member, 3, SortedSetConditions.Increment, out _);
            if (!set.TryRank(member, out var rank, out _)) throw new InvalidOperationException();
            foreach (var element in set.Range(rank, 1))
                if (element.Score < 3) throw new InvalidOperationException();
            if (i % 3 == 0) set.Remove(0, 1);
        }

        keyspace[0].Remove(key);
    }

    private struct Collector() : ISortedSetVisitor
    {
        public HashSet<string> Members { get; } = [];

        public readonly void Visit(SortedSetElement element)
        {
            Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
            Members.Add(SavedKeys.Text(element.Member.Text(scratch)));
        }
    }
}
