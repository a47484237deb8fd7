using System.Buffers.Binary;
using Starling.Slots.Keyspace;

namespace Starling.Slots.Tests;

public sealed class ConcurrencyTests
{
    private const int Threads = 4;
    private const int Rounds = 15_000;
    private const int Keys = 400;

    [Fact]
    public void Increments_by_several_threads_are_all_counted_also_during_a_snapshot()
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions { HashSeed = 4 });
        for (var i = 0; i < Keys; i++) Increment(keyspace, i, 0);
        var threads = new List<Thread>();
        for (var t = 0; t < Threads; t++)
        {
            var seed = t;
            threads.Add(new Thread(() => Work(keyspace, seed)));
        }

        foreach (var thread in threads) thread.Start();
        for (var round = 0; round < 5; round++)
        {
            Snapshot snapshot;
            using (keyspace.LockAll()) snapshot = keyspace.StartSnapshot();
            var saved = new SavedKeys();
            while (snapshot.Advance()) snapshot.Deliver(saved);
            snapshot.Deliver(saved);
            snapshot.Dispose();
            for (var i = 0; i < Keys; i++) Assert.True(saved.Keys.ContainsKey((0, SavedKeys.Text(BitConverter.GetBytes(i)))));
        }

        foreach (var thread in threads) thread.Join();
        var sum = 0L;
        for (var i = 0; i < Keys; i++) sum += Increment(keyspace, i, 0);
        Assert.Equal(Threads * Rounds, sum);
    }

    [Fact]
    public void Threads_that_lock_overlapping_sets_do_not_block_each_other_for_ever()
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions());
        var counter = 0;
        var threads = Enumerable.Range(0, Threads).Select(seed => new Thread(() =>
        {
            var random = new Random(seed);
            for (var i = 0; i < 5000; i++)
            {
                var set = default(StripeSet);
                for (var n = 0; n < 5; n++) set.AddSlot(random.Next(HashSlot.Count));
                set.AddSlot(0);
                using (keyspace.Lock(set)) using (keyspace.LockSlot(0)) counter++;
            }
        })).ToList();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        Assert.Equal(Threads * 5000, counter);
    }

    private static void Work(Keyspace.Keyspace keyspace, int seed)
    {
        var random = new Random(seed);
        var scratch = new byte[8];
        for (var round = 0; round < Rounds; round++)
        {
            Increment(keyspace, random.Next(Keys), 1);

            // Keys of the thread's own come and go beside, so that tables, blocks and chunks change.
            BinaryPrimitives.WriteInt32LittleEndian(scratch, 1_000_000 + (seed * 5000) + random.Next(5000));
            var key = keyspace.Key(scratch);
            using (keyspace.LockSlot(key.Slot))
            {
                if (!keyspace[0].Remove(key))
                    keyspace[0].SetString(key, scratch.AsSpan(0, round % 9), Entry.NoExpiry, 0);
            }

            keyspace.Prefetch(keyspace[0], [key.Place, keyspace.Key(scratch.AsSpan(0, 4)).Place]);
            Assert.True(keyspace[0].Count >= 0 && keyspace.UsedBytes > 0);
        }
    }

    private static long Increment(Keyspace.Keyspace keyspace, int id, long by)
    {
        Span<byte> name = stackalloc byte[4];
        Span<byte> value = stackalloc byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(name, id);
        var key = keyspace.Key(name);
        using (keyspace.LockSlot(key.Slot))
        {
            var next = by;
            if (keyspace[0].TryFind(key, out var entry)) next += BinaryPrimitives.ReadInt64LittleEndian(entry.String);
            BinaryPrimitives.WriteInt64LittleEndian(value, next);
            keyspace[0].SetString(key, value, Entry.NoExpiry, 0);
            return next;
        }
    }
}
