using System.Globalization;
using System.Text;
using Starling.Slots.Keyspace;

namespace Starling.Slots.Tests;

public sealed class DatabaseTests
{
    [Fact]
    public void A_database_agrees_with_a_dictionary() =>
        Operations.Check(60, 400, operations =>
        {
            using var model = new DatabaseModel();
            foreach (var operation in operations) model.Run(operation, 150);
            model.Verify();
        });

    [Fact]
    public void A_slot_that_grows_and_shrinks_again_and_again_agrees_with_a_dictionary()
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions { HashSeed = 3 });
        var database = keyspace[0];
        var model = new Dictionary<string, string>();
        var random = new Random(5);
        foreach (var target in (int[])[3000, 10, 40_000, 200, 300, 0, 15_000, 0])
        {
            while (model.Count < target)
            {
                var name = "{hot}" + random.Next(100_000).ToString(CultureInfo.InvariantCulture);
                model[name] = name;
                database.SetString(keyspace.Key(Bytes(name)), Bytes(name), Entry.NoExpiry, 0);
            }

            var names = model.Keys.ToArray();
            random.Shuffle(names);
            foreach (var name in names.Take(model.Count - target))
            {
                model.Remove(name);
                Assert.True(database.Remove(keyspace.Key(Bytes(name))));
                Assert.False(database.Remove(keyspace.Key(Bytes(name))));
            }

            Assert.Equal(target, database.Count);
            TableChecker.Check(keyspace, database, HashSlot.Of("hot"u8));
            foreach (var name in model.Keys)
            {
                Assert.True(database.TryFind(keyspace.Key(Bytes(name)), out var entry));
                Assert.True(entry.String.SequenceEqual(Bytes(name)));
            }
        }
    }

    [Fact]
    public void Memory_goes_back_to_what_the_empty_tables_take_when_every_key_is_deleted()
    {
        using var model = new DatabaseModel();
        var empty = -1L;
        for (var round = 0; round < 3; round++)
        {
            for (var i = 0u; i < 3000; i++)
            {
                var key = model.Keyspace.Key(Bytes(DatabaseModel.KeyName(i, 3000)));
                model.Keyspace[0].SetString(key, DatabaseModel.ValueOf(i * 977), i % 2 == 0 ? 5 : -1, 0);
                if (i % 7 == 0) model.Keyspace[0].ResizeString(key, 5000, 0, 0, raw: true);
            }

            for (var i = 0u; i < 3000; i++)
                Assert.True(model.Keyspace[0].Remove(model.Keyspace.Key(Bytes(DatabaseModel.KeyName(i, 3000)))));
            if (round == 0) empty = model.Keyspace.UsedBytes;
            Assert.Equal(empty, model.Keyspace.UsedBytes);
        }

        model.Keyspace[0].Clear();
        while (model.Keyspace.Freeing.FreeSome())
        {
        }

        Assert.Equal(0, model.Keyspace.UsedBytes);
    }

    [Fact]
    public void The_tables_of_a_stripe_without_keys_are_given_back_on_request()
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions { HashSeed = 3 });
        var database = keyspace[0];
        var key = keyspace.Key("{t}a"u8);
        var other = keyspace.Key("{t}b"u8);
        var stripe = StripeSet.StripeOf(key.Slot);
        for (var round = 0; round < 3; round++)
        {
            database.SetString(key, "v"u8, Entry.NoExpiry, 0);
            database.SetString(other, "w"u8, 5, 0);
            Assert.True(database.Remove(other));
            var used = keyspace.UsedBytes;
            Keyspace.Keyspace.FreeEmptyStripe(database, stripe);
            Assert.Equal(used, keyspace.UsedBytes);
            Assert.True(database.TryFind(key, out _));
            Assert.True(database.Remove(key));
            Keyspace.Keyspace.FreeEmptyStripe(database, stripe);
            Assert.Equal(0, keyspace.UsedBytes);
            Assert.False(database.TryFind(key, out _));
        }
    }

    [Fact]
    public void The_tables_of_a_stripe_stay_while_a_snapshot_is_under_way()
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions { HashSeed = 3 });
        keyspace[0].SetString(keyspace.Key("a"u8), "v"u8, Entry.NoExpiry, 0);
        Snapshot snapshot;
        using (keyspace.LockAll()) snapshot = keyspace.StartSnapshot(null);
        Assert.True(keyspace[0].Remove(keyspace.Key("a"u8)));
        Keyspace.Keyspace.FreeEmptyStripe(keyspace[0], StripeSet.StripeOf(HashSlot.Of("a"u8)));
        while (snapshot.Advance())
        {
        }

        var saved = new SavedKeys();
        snapshot.Deliver(saved);
        snapshot.Dispose();
        saved.AssertHas(new() { [(0, "a")] = new DatabaseModel.Value("v"u8.ToArray(), Entry.NoExpiry, false, 0) });
        Keyspace.Keyspace.FreeEmptyStripe(keyspace[0], StripeSet.StripeOf(HashSlot.Of("a"u8)));
        Assert.Equal(0, keyspace[0].UsedBytes);
    }

    [Fact]
    public void A_scan_of_tables_that_were_given_back_says_nothing_of_new_keys()
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions { HashSeed = 9 });
        var database = keyspace[0];
        var slot = HashSlot.Of("t"u8);
        for (var i = 0; i < 900; i++) database.SetString(keyspace.Key(Bytes("{t}" + i)), "v"u8, 5000, 0);
        var scan = default(ExpiryScan);
        var collector = new Collector();
        Assert.True(database.ScanExpiring(slot, ref scan, ref collector));
        for (var i = 0; i < 900; i++) database.Remove(keyspace.Key(Bytes("{t}" + i)));
        Keyspace.Keyspace.FreeEmptyStripe(database, StripeSet.StripeOf(slot));
        for (var i = 0; i < 900; i++) database.SetString(keyspace.Key(Bytes("{t}" + i)), "v"u8, 5000 - i, 0);
        while (database.ScanExpiring(slot, ref scan, ref collector))
        {
        }

        Assert.Equal(4101, database.EarliestExpiryInSlot(slot));
    }

    [Fact]
    public void Appending_byte_by_byte_copies_each_byte_few_times()
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions());
        var key = keyspace.Key("log"u8);
        keyspace[0].SetString(key, ""u8, Entry.NoExpiry, 0);
        var moves = 0;
        var last = 0L;
        for (var length = 1; length <= 3_000_000; length++)
        {
            keyspace[0].ResizeString(key, length, length - 1, 1, raw: true)[^1] = (byte)length;
            Assert.True(keyspace[0].TryFind(key, out var entry));
            if (entry.AllocatedBytes == last) continue;
            last = entry.AllocatedBytes;
            moves++;
        }

        Assert.InRange(moves, 10, 120);
        Assert.True(keyspace[0].TryFind(key, out var whole));
        for (var i = 0; i < whole.String.Length; i++)
            if (whole.String[i] != (byte)(i + 1)) Assert.Fail($"byte {i}");
    }

    [Fact]
    public void Every_entry_of_a_slot_is_picked_about_equally_often()
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions { HashSeed = 9 });
        for (var i = 0; i < 1000; i++)
            keyspace[0].SetString(keyspace.Key(Bytes("{t}" + i)), "v"u8, Entry.NoExpiry, 0);
        var slot = HashSlot.Of("t"u8);
        var seen = new Dictionary<string, int>();
        for (var i = 0UL; i < 3000; i++)
        {
            Assert.True(keyspace[0].TryPick(slot, i, out var entry));
            var name = Encoding.ASCII.GetString(entry.Key);
            seen[name] = seen.GetValueOrDefault(name) + 1;
        }

        Assert.Equal(1000, seen.Count);
        Assert.All(seen.Values, times => Assert.Equal(3, times));
        Assert.False(keyspace[0].TryPick((slot + 1) % HashSlot.Count, 1, out _));
    }

    [Fact]
    public void Every_key_of_a_database_is_picked_about_equally_often()
    {
        const int keys = 500;
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions { HashSeed = 9 });
        Assert.Equal(-1, keyspace[0].PickStripe(7));
        for (var i = 0; i < keys; i++)
        {
            // A third of them in one slot, the others all over.
            var name = i % 3 == 0 ? "{t}" + i : "k" + i;
            keyspace[0].SetString(keyspace.Key(Bytes(name)), "v"u8, Entry.NoExpiry, 0);
        }

        var seen = new Dictionary<string, int>();
        var random = new Random(3);
        for (var i = 0; i < keys * 100; i++)
        {
            var stripe = keyspace[0].PickStripe((ulong)random.NextInt64());
            Assert.True(keyspace[0].TryPickInStripe(stripe, (ulong)random.NextInt64(), out var entry));
            var name = Encoding.ASCII.GetString(entry.Key);
            seen[name] = seen.GetValueOrDefault(name) + 1;
        }

        Assert.Equal(keys, seen.Count);
        Assert.All(seen.Values, times => Assert.InRange(times, 50, 160));
        keyspace[0].Clear();
        Assert.Equal(-1, keyspace[0].PickStripe(7));
        Assert.False(keyspace[0].TryPickInStripe(0, 7, out _));
    }

    [Fact]
    public void An_expiry_scan_meets_every_expiring_key_and_makes_the_earliest_expiry_exact() =>
        Operations.Check(40, 60, operations =>
        {
            using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions { HashSeed = 9 });
            var database = keyspace[0];
            var slot = HashSlot.Of("t"u8);
            for (var i = 0; i < 900; i++)
                database.SetString(keyspace.Key(Bytes("{t}" + i)), "v"u8, i % 2 == 0 ? 1000 + i : Entry.NoExpiry, 0);
            for (var i = 0; i < 100; i += 2) database.Remove(keyspace.Key(Bytes("{t}" + i)));
            Assert.InRange(database.EarliestExpiryInSlot(slot), long.MinValue, 1100);
            var scan = default(ExpiryScan);
            var collector = new Collector();
            var at = 0;
            while (database.ScanExpiring(slot, ref scan, ref collector))
            {
                for (var n = 0; n < 8 && at < operations.Length; n++, at++)
                {
                    var name = "{t}" + (operations[at] % 900);
                    database.SetExpiry(keyspace.Key(Bytes(name)), 500 + (operations[at] >> 10) % 1000);
                }
            }

            Assert.True(scan.IsDone);
            for (var i = 100; i < 900; i += 2) Assert.Contains("{t}" + i, collector.Names);
            var earliest = long.MaxValue;
            for (var i = 0; i < 900; i++)
            {
                if (!database.TryFind(keyspace.Key(Bytes("{t}" + i)), out var entry)) continue;
                if (entry.ExpiresAt != Entry.NoExpiry) earliest = Math.Min(earliest, entry.ExpiresAt);
            }

            Assert.True(database.EarliestExpiryInSlot(slot) <= earliest);
            if (operations.Length == 0) Assert.Equal(earliest, database.EarliestExpiryInSlot(slot));
        });

#if !DEBUG
    /// <summary>In debug builds every allocation has guard bytes.</summary>
    [Fact]
    public void A_key_of_11_bytes_with_a_value_of_32_takes_at_most_72_bytes_all_included()
    {
        const int keys = 800_000;
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions { HashSeed = 8 });
        for (var i = 0; i < keys; i++)
            keyspace[0].SetString(keyspace.Key(Bytes($"k{i:D10}")), new byte[32], Entry.NoExpiry, 0);
        Assert.InRange(keyspace.UsedBytes / (double)keys, 56, 72);
    }
#endif

    [Fact]
    public void Common_operations_allocate_no_managed_memory()
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions());
        Work(keyspace, 2000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Work(keyspace, 2000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void Work(Keyspace.Keyspace keyspace, int keys)
    {
        Span<byte> name = stackalloc byte[12];
        Span<byte> value = stackalloc byte[600];
        for (var i = 0; i < keys; i++)
        {
            BitConverter.TryWriteBytes(name, i);
            var key = keyspace.Key(name);
            using (keyspace.LockSlot(key.Slot))
            {
                var database = keyspace[0];
                database.SetString(key, value[..(i % 600)], i % 3 == 0 ? 9 : Entry.NoExpiry, 1);
                database.TryFind(key, out var entry);
                database.Touch(entry, 7);
                database.ResizeString(key, 700, 0, 0, raw: true);
                database.SetExpiry(key, 10);
                keyspace.Prefetch(database, [key.Place]);
                database.NextSlotInUse(0, expiring: true);
                Require(database.Count + database.ExpiringCount > 0 && database.Remove(key));
            }
        }
    }

    /// <summary>xunit's own assertions allocate.</summary>
    private static void Require(bool holds)
    {
        if (!holds) throw new InvalidOperationException();
    }

    private static byte[] Bytes(string text) => Encoding.ASCII.GetBytes(text);

    private readonly struct Collector : IEntryVisitor
    {
        public Collector()
        {
        }

        public HashSet<string> Names { get; } = [];

        public void Visit(in Entry entry) => Names.Add(Encoding.ASCII.GetString(entry.Key));
    }
}
