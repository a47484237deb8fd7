using Starling.Slots.Keyspace;
using Starling.Slots.Values;
using Starling.Slots.Values.SortedSets;

namespace Starling.Slots.Tests.Values.SortedSets;

public sealed class SortedSetSnapshotTests
{
    [Theory]
    [InlineData(20)]
    [InlineData(3000)]
    public void Every_snapshot_gets_the_set_of_its_start_whatever_is_done_to_it(int count)
    {
        for (var seed = 1; seed <= 6; seed++)
        {
            using var model = new SortedSetModel(ValueOptions.Default, 5 * count, 300);
            var random = new Random(seed);
            while (model.Elements.Count < count) model.Grow(random);
            var running = new List<(Snapshot Snapshot, SavedSortedSets Saved, List<string> Expected)>();
            for (var step = 0; step < 600; step++)
            {
                if (step % 200 == 0) running.Add((Start(model), new SavedSortedSets(), SortedSetModel.Read(model.Open().Range(0, model.Open().Count))));
                if (step % 50 == 49) running[random.Next(running.Count)].Snapshot.Advance();
                if (step % 70 == 69)
                {
                    var (some, saved, _) = running[random.Next(running.Count)];
                    some.Deliver(saved);
                }

                if (step == 550 && seed % 3 == 0) Delete(model);
                model.Run((uint)random.Next() & 0xFFFF_FFC7); // no range is removed
                if (step % 25 == 0) model.RemoveRange(random);
            }

            foreach (var (snapshot, saved, expected) in running)
            {
                while (snapshot.Advance()) snapshot.Deliver(saved);
                snapshot.Deliver(saved);
                snapshot.Dispose();
                Assert.True(expected.SequenceEqual(saved.Elements("zset")), $"seed {seed}");
            }

            model.Verify();
            model.DeleteAll();
        }
    }

    [Fact]
    public void A_set_is_written_from_its_last_element_on_and_counts_its_bytes()
    {
        using var model = new SortedSetModel(new ValueOptions { SortedSetMaxListpackEntries = 0 }, 1, 1);
        model.Change("a", 1, SortedSetConditions.None);
        model.Change("b", -2.5, SortedSetConditions.None);
        Assert.True(model.Keyspace[0].TryFind(model.Keyspace.Key("zset"u8), out var entry));
        Assert.Equal("2 61 000000000000F03F 62 00000000000004C0", ContentRecorder.Of(entry));
        for (var i = 0; i < 50_000; i++) model.Change("member " + i, i % 100, SortedSetConditions.None);
        Assert.True(model.Keyspace[0].TryFind(model.Keyspace.Key("zset"u8), out entry));
        var used = model.Keyspace.UsedBytes;
        model.Keyspace[0].Remove(model.Keyspace.Key("zset"u8));
        while (model.Keyspace.Freeing.FreeSome())
        {
        }

        Assert.InRange(entry.IsPresent ? used - model.Keyspace.UsedBytes : 0, 50_000 * 50, 50_000 * 90);
    }

    private static Snapshot Start(SortedSetModel model)
    {
        using var all = model.Keyspace.LockAll();
        return model.Keyspace.StartSnapshot();
    }

    private static void Delete(SortedSetModel model)
    {
        model.Keyspace[0].Remove(model.Keyspace.Key("zset"u8));
        model.Elements.Clear();
    }
}
