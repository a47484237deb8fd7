using Starling.Slots.Keyspace;
using Starling.Slots.Values;

namespace Starling.Slots.Tests.Values.Sets;

/// <summary>Snapshots, freeing and moving of sets of every form.</summary>
public sealed class SetSnapshotTests
{
    [Theory]
    [InlineData(512, 128)]
    [InlineData(4, 4)]
    [InlineData(0, 0)]
    public void Every_snapshot_gets_the_sets_of_its_start_under_every_interleaving(long intset, long listpack) =>
        Operations.Check(20, 500, operations =>
        {
            using var model = new SetModel(SetModel.Options(intset, listpack));
            model.Fill("{s}a", 3000);
            if (operations.Length % 2 == 0) model.Fill("c", 1500, i => $"{i}");
            var running = new List<(Snapshot Snapshot, SavedSets Saved, Dictionary<string, List<string>> Expected)>();
            foreach (var operation in operations)
            {
                var random = new Random((int)(operation >> 4));
                switch (operation % 16)
                {
                    case 0 when running.Count < 3:
                        running.Add((model.Start(), new SavedSets(), model.Copy()));
                        break;
                    case 1 when running.Count > 0:
                        var some = running[random.Next(running.Count)].Snapshot;
                        for (var i = random.Next(6); i > 0; i--) some.Advance();
                        break;
                    case 2 when running.Count > 0:
                        var (snapshot, saved, _) = running[random.Next(running.Count)];
                        snapshot.Deliver(saved);
                        break;
                    case 3 when running.Count > 0 && random.Next(3) == 0:
                        Finish(running[0]);
                        running.RemoveAt(0);
                        break;
                    case 3 when running.Count > 0 && random.Next(6) == 0:
                        running[^1].Snapshot.Dispose();
                        running.RemoveAt(running.Count - 1);
                        break;
                    case 4:
                        model.Keyspace.Freeing.FreeSome();
                        break;
                    default:
                        model.Change(random);
                        break;
                }
            }

            foreach (var each in running) Finish(each);
            model.Verify();
            model.DeleteAll();
        });

    [Fact]
    public void A_large_set_is_freed_step_by_step()
    {
        using var model = new SetModel(ValueOptions.Default);
        model.Fill("c", 100_000);
        Assert.True(model.Keyspace[0].Remove(model.Keyspace.Key("c"u8)));
        Assert.Equal(1, model.Keyspace.Freeing.PendingObjects);
        var steps = 0;
        var used = model.Keyspace.UsedBytes;
        while (model.Keyspace.Freeing.FreeSome())
        {
            steps++;
            Assert.InRange(used - model.Keyspace.UsedBytes, 0, 200_000);
            used = model.Keyspace.UsedBytes;
        }

        Assert.InRange(steps, 10, 400);
        model.DeleteAll();
    }

    [Fact]
    public void Sets_whose_blocks_are_moved_keep_their_members()
    {
        const int Sets = 6000;
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions { HashSeed = 5, Arenas = 1 });
        keyspace.ValueOptions = SetModel.Options(20, 20);
        for (var i = 0; i < Sets; i++)
        {
            foreach (var member in Members(i))
            {
                var key = keyspace.Key(DatabaseModel.Bytes($"set{i}"));
                keyspace[0].TryFind(key, out var entry);
                keyspace[0].Open<Slots.Values.Sets.SetValue>(key, entry, 1).Add(DatabaseModel.Bytes(member));
            }
        }

        for (var i = 0; i < Sets; i++)
            if (i % 10 != 3) Assert.True(keyspace[0].Remove(keyspace.Key(DatabaseModel.Bytes($"set{i}"))));
        var memory = new KeyspaceMemory(keyspace);
        var before = memory.Usage;
        Assert.True(before.Reclaimable > 2 * (64 << 10));
        var defragmenter = new Defragmenter(keyspace);
        defragmenter.Begin();
        while (defragmenter.Advance())
        {
        }

        Assert.True(memory.Usage.Reclaimable < before.Reclaimable / 4);
        Assert.Equal(before.Used, memory.Usage.Used);
        for (var i = 3; i < Sets; i += 10) Assert.Equal(Members(i).Order(StringComparer.Ordinal), SavedSets.Read(keyspace, $"set{i}"));
    }

    /// <summary>Integers, texts, and every now and then many of them.</summary>
    private static IEnumerable<string> Members(int number) =>
        Enumerable.Range(0, number % 40 == 3 ? 90 : 12).Select(i => number % 20 < 10 ? $"{number * i}" : $"member {i} of {number}");

    private static void Finish((Snapshot Snapshot, SavedSets Saved, Dictionary<string, List<string>> Expected) running)
    {
        while (running.Snapshot.Advance())
        {
        }

        running.Snapshot.Deliver(running.Saved);
        running.Snapshot.Dispose();
        Assert.Equal(running.Expected.Count, running.Saved.Count);
        foreach (var (name, members) in running.Expected) Assert.Equal(members, running.Saved.Members(name));
    }
}
