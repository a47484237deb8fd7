using System.Globalization;
using System.Text;
using Starling.Slots.Keyspace;

namespace Starling.Slots.Tests;

public sealed class DefragmenterTests
{
    [Fact]
    public void A_database_that_is_defragmented_all_the_time_agrees_with_a_dictionary() =>
        Operations.Check(40, 400, operations =>
        {
            using var model = new DatabaseModel(12);
            var defragmenter = new Defragmenter(model.Keyspace);
            for (var i = 0u; i < 600; i++) model.Run(i * 20 * 7919, 600);
            foreach (var operation in operations)
            {
                model.Run(operation, 600);
                if (operation % 3 == 0) Remove(model, (int)(operation >> 4) % 600);
                defragmenter.Begin();
                for (var i = 0; i < operation % 400 && defragmenter.Advance(); i++)
                {
                }

                if (operation % 11 == 0) defragmenter.Stop();
            }

            model.Verify();
            Finish(defragmenter);
            model.Verify();
            for (var slot = 0; slot < HashSlot.Count; slot++)
                TableChecker.Check(model.Keyspace, model.Keyspace[0], slot);
        });

    [Fact]
    public void What_is_left_of_many_deleted_keys_takes_little_more_memory_than_it_uses()
    {
        using var keyspace = Fill(400_000);
        var random = new Random(9);
        var memory = new KeyspaceMemory(keyspace);
        var kept = new List<int>();
        for (var i = 0; i < 400_000; i++)
        {
            if (random.Next(10) == 0) kept.Add(i);
            else Assert.True(keyspace[0].Remove(keyspace.Key(Name(i))));
        }

        var before = memory.Usage;
        Assert.True(before.Active > before.Used * 4);
        var defragmenter = new Defragmenter(keyspace);
        defragmenter.Begin();
        Finish(defragmenter);
        Trim(memory);
        var after = memory.Usage;
        Assert.Equal(before.Used, after.Used);
        Assert.Equal(0, after.Reclaimable);
        Assert.InRange(after.Resident, after.Used, (after.Used * 13 / 10) + (6 << 20));
        Assert.Equal(kept.Count, defragmenter.Counts.KeyHits + defragmenter.Counts.KeyMisses);
        foreach (var number in kept)
        {
            Assert.True(keyspace[0].TryFind(keyspace.Key(Name(number)), out var entry));
            Assert.True(entry.String.SequenceEqual(Name(number)));
        }

        for (var slot = 0; slot < HashSlot.Count; slot += 11) TableChecker.Check(keyspace, keyspace[0], slot);
    }

    [Fact]
    public void A_pass_over_memory_that_is_well_used_moves_nothing()
    {
        using var keyspace = Fill(60_000);
        var defragmenter = new Defragmenter(keyspace);
        for (var pass = 0; pass < 2; pass++)
        {
            defragmenter.Begin();
            Finish(defragmenter);
        }

        var before = defragmenter.Counts.Hits;
        defragmenter.Begin();
        Finish(defragmenter);
        Assert.Equal(before, defragmenter.Counts.Hits);
    }

    [Fact]
    public void Colliding_keys_are_moved_too()
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions { HashSeed = 2, HashMask = 0, Arenas = 1 });
        var names = Enumerable.Range(0, 4000).Select(i => "{d}" + i.ToString("D120", CultureInfo.InvariantCulture)).ToList();
        foreach (var name in names) Set(keyspace, name);
        foreach (var name in names.Where((_, i) => i % 20 != 0))
            Assert.True(keyspace[0].Remove(keyspace.Key(Encoding.ASCII.GetBytes(name))));
        var defragmenter = new Defragmenter(keyspace);
        defragmenter.Begin();
        Finish(defragmenter);
        Assert.True(defragmenter.Counts.KeyHits > 0);
        TableChecker.Check(keyspace, keyspace[0], HashSlot.Of("d"u8));
        foreach (var name in names.Where((_, i) => i % 20 == 0))
        {
            Assert.True(keyspace[0].TryFind(keyspace.Key(Encoding.ASCII.GetBytes(name)), out var entry));
            Assert.Equal(name, Encoding.ASCII.GetString(entry.String));
        }
    }

    [Fact]
    public void Writers_and_clearings_may_go_on_while_a_defragmenter_and_a_trimmer_run()
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions { HashSeed = 5 });
        var memory = new KeyspaceMemory(keyspace);
        var isDone = false;
        var keeper = new Thread(() =>
        {
            var defragmenter = new Defragmenter(keyspace);
            while (!Volatile.Read(ref isDone))
            {
                defragmenter.Begin();
                Finish(defragmenter);
                Trim(memory);
                Require(memory.Usage.Active >= 0);
            }
        });
        var writers = Enumerable.Range(0, 2).Select(writer => new Thread(() => Write(keyspace, writer))).ToList();
        keeper.Start();
        foreach (var writer in writers) writer.Start();
        foreach (var writer in writers) writer.Join();
        Volatile.Write(ref isDone, true);
        keeper.Join();
    }

    /// <summary>Sets, checks and deletes keys of its own; clears everything now and then.</summary>
    private static void Write(Keyspace.Keyspace keyspace, int writer)
    {
        var random = new Random(writer);
        for (var round = 0; round < 40; round++)
        {
            for (var i = 0; i < 3000; i++)
            {
                var key = keyspace.Key(Name((writer * 1_000_000) + random.Next(20_000)));
                using (keyspace.LockSlot(key.Slot))
                {
                    if (keyspace[0].TryFind(key, out var entry)) Require(entry.String[..11].SequenceEqual(key.Bytes));
                    if (random.Next(3) == 0) keyspace[0].Remove(key);
                    else keyspace[0].SetString(key, ValueOf(key.Bytes, random.Next(600)), Entry.NoExpiry, 0);
                }
            }

            if (round % 10 != 9) continue;
            using (keyspace.LockAll()) keyspace[0].Clear();
        }
    }

    private static byte[] ValueOf(ReadOnlySpan<byte> key, int more) => [.. key, .. new byte[more]];

    private static void Remove(DatabaseModel model, int number)
    {
        var name = DatabaseModel.KeyName((uint)number, 600);
        var removed = model.Keyspace[0].Remove(model.Keyspace.Key(DatabaseModel.Bytes(name)));
        Assert.Equal(model.Model[0].Remove(name), removed);
    }

    private static Keyspace.Keyspace Fill(int keys)
    {
        var keyspace = new Keyspace.Keyspace(new KeyspaceOptions { HashSeed = 5 });
        for (var i = 0; i < keys; i++) keyspace[0].SetString(keyspace.Key(Name(i)), Name(i), Entry.NoExpiry, 0);
        return keyspace;
    }

    private static void Set(Keyspace.Keyspace keyspace, string name)
    {
        var bytes = Encoding.ASCII.GetBytes(name);
        keyspace[0].SetString(keyspace.Key(bytes), bytes, Entry.NoExpiry, 0);
    }

    private static byte[] Name(int number) =>
        Encoding.ASCII.GetBytes("k" + number.ToString("D10", CultureInfo.InvariantCulture));

    private static void Finish(Defragmenter defragmenter)
    {
        while (defragmenter.Advance())
        {
        }
    }

    private static void Trim(KeyspaceMemory memory)
    {
        while (memory.Trim())
        {
        }
    }

    private static void Require(bool holds)
    {
        if (!holds) throw new InvalidOperationException("what was written is not there");
    }
}
