using Starling.Slots.Keyspace;

namespace Starling.Slots.Tests;

public sealed class StripeLockTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    [Theory]
    [InlineData(4, 20_000)]
    [InlineData(70, 1_000)] // more than there are counters for
    public void Who_has_everything_is_alone_and_everybody_gets_a_turn(int clients, int rounds)
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions());
        var inside = new int[StripeSet.StripeCount];
        var everything = 0;
        var broken = 0;
        var threads = Enumerable.Range(0, clients).Select(seed => new Thread(() =>
        {
            var random = new Random(seed);
            for (var round = 0; round < rounds; round++)
            {
                var kind = random.Next(10);
                if (kind == 0)
                {
                    using var all = keyspace.LockAll();
                    using var again = keyspace.LockAll();
                    using var one = keyspace.LockSlot(random.Next(HashSlot.Count));
                    if (Interlocked.Increment(ref everything) != 1 || inside.Any(count => count != 0)) Interlocked.Increment(ref broken);
                    Interlocked.Decrement(ref everything);
                }
                else if (kind == 1)
                {
                    var first = random.Next(HashSlot.Count);
                    var set = default(StripeSet);
                    set.AddSlot(first);
                    set.AddSlot(first + 1 < HashSlot.Count ? first + 1 : 0);
                    using var some = keyspace.Lock(set);
                    using var again = keyspace.LockSlot(first);
                    Visit(first);
                }
                else
                {
                    var slot = random.Next(HashSlot.Count);
                    using var one = keyspace.LockSlot(slot);
                    Visit(slot);
                }
            }
        })).ToList();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) Assert.True(thread.Join(Deadline), "a thread waits for ever");
        Assert.Equal(0, broken);

        void Visit(int slot)
        {
            ref var count = ref inside[StripeSet.StripeOf(slot)];
            if (Interlocked.Increment(ref count) != 1 || Volatile.Read(ref everything) != 0) Interlocked.Increment(ref broken);
            Interlocked.Decrement(ref count);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(50)]
    public void One_stripe_is_one_thread_s_at_a_time_however_long_it_is_held(int spins)
    {
        const int Threads = 8;
        const int Rounds = 20_000;
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions());
        var count = 0;
        var threads = Enumerable.Range(0, Threads).Select(number => new Thread(() =>
        {
            for (var round = 0; round < Rounds; round++)
            {
                // Two stripes whose sleepers sleep in the same place.
                using (keyspace.LockSlot(number % 2 == 0 ? 3 : 3 + 64))
                {
                    // Those who have the other stripe wait for no one here.
                }

                using (keyspace.LockSlot(3))
                {
                    var seen = count;
                    Thread.SpinWait(round % 100 == 0 ? spins * 1000 : spins);
                    count = seen + 1;
                }
            }
        })).ToList();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) Assert.True(thread.Join(Deadline), "a thread waits for ever");
        Assert.Equal(Threads * Rounds, count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Who_takes_and_lets_go_without_a_pause_starves_nobody(bool everything)
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions());
        var isOver = false;
        var greedy = new Thread(() =>
        {
            while (!Volatile.Read(ref isOver))
            {
                using (everything ? keyspace.LockAll() : keyspace.LockSlot(9)) Thread.SpinWait(20_000);
            }
        });
        greedy.Start();
        var others = Enumerable.Range(0, 3).Select(_ => new Thread(() =>
        {
            var two = default(StripeSet);
            two.AddSlot(9);
            two.AddSlot(10);
            for (var i = 0; i < 100; i++)
            {
                keyspace.LockSlot(9).Dispose();
                keyspace.Lock(two).Dispose();
                keyspace.LockAll().Dispose();
            }
        })).ToList();
        foreach (var thread in others) thread.Start();
        foreach (var thread in others) Assert.True(thread.Join(Deadline), "it never gets the stripe");
        Volatile.Write(ref isOver, true);
        Assert.True(greedy.Join(Deadline));
    }

    [Fact]
    public void Who_had_to_wait_for_who_had_everything_does_not_keep_others_from_other_stripes()
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions());
        using var goOn = new ManualResetEventSlim();
        using var first = new CountdownEvent(1);
        var inside = 0;
        var all = keyspace.LockAll();
        var waiting = Enumerable.Range(0, 2).Select(_ => new Thread(() =>
        {
            using var stripe = keyspace.LockSlot(1);
            if (Interlocked.Increment(ref inside) == 1) first.Signal();
            goOn.Wait(Deadline);
        })).ToList();
        foreach (var thread in waiting) thread.Start();
        foreach (var thread in waiting) Assert.True(SpinWait.SpinUntil(() => thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin), Deadline));
        all.Dispose();
        Assert.True(first.Wait(Deadline));

        // Of the two one has the stripe, and the other one waits for it.
        Assert.True(SpinWait.SpinUntil(() => waiting.All(thread => thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin)), Deadline));
        var other = new Thread(() => keyspace.LockSlot(2).Dispose());
        other.Start();
        var cameThrough = other.Join(Deadline / 2);
        goOn.Set();
        foreach (var thread in waiting) Assert.True(thread.Join(Deadline));
        Assert.True(other.Join(Deadline));
        Assert.True(cameThrough, "a stripe that nobody has was not to be had");
    }

    [Fact]
    public void A_stripe_that_is_held_again_is_kept_until_it_was_let_go_as_often()
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions());
        using var tried = new ManualResetEventSlim();
        var other = new Thread(() =>
        {
            keyspace.LockSlot(4).Dispose();
            tried.Set();
        });
        using (keyspace.LockSlot(4))
        {
            using (keyspace.LockSlot(4)) other.Start();
            Assert.True(keyspace.IsHeld(4));
            Assert.False(tried.Wait(TimeSpan.FromMilliseconds(50)));
        }

        Assert.True(tried.Wait(Deadline));
        Assert.True(other.Join(Deadline));
        Assert.False(keyspace.IsHeld(4));
    }

    [Fact]
    public void Who_waits_for_everything_waits_for_a_thread_that_goes_on_to_take_more()
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions());
        using var holds = new ManualResetEventSlim();
        using var waits = new ManualResetEventSlim();
        var order = new List<string>();
        var holder = new Thread(() =>
        {
            using var first = keyspace.LockSlot(1);
            holds.Set();
            waits.Wait();
            using var again = keyspace.LockSlot(1);
            using var second = keyspace.LockSlot(2);
            lock (order) order.Add("some");
        });
        holder.Start();
        holds.Wait();
        var taker = new Thread(() =>
        {
            waits.Set();
            using var all = keyspace.LockAll();
            lock (order) order.Add("all");
        });
        taker.Start();
        Assert.True(holder.Join(Deadline) && taker.Join(Deadline));
        Assert.Equal(["some", "all"], order);
    }

    [Fact]
    public void Prefetching_passes_over_a_keyspace_that_somebody_has_as_a_whole()
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions());
        var place = keyspace.Key("k"u8).Place;
        using var all = keyspace.LockAll();
        var thread = new Thread(() => keyspace.Prefetch(keyspace[0], [place, place]));
        thread.Start();
        Assert.True(thread.Join(Deadline), "it waited for the stripes");
    }

    [Fact]
    public void A_thread_knows_which_stripes_it_holds()
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions());
        using (keyspace.LockSlot(5))
        {
            Assert.True(keyspace.IsHeld(5));
            Assert.True(keyspace.IsHeld(5 + StripeSet.StripeCount));
            Assert.False(keyspace.IsHeld(6));
        }

        Assert.False(keyspace.IsHeld(5));
        using (keyspace.LockAll()) Assert.True(keyspace.IsHeld(6));
        Assert.False(keyspace.IsHeld(6));
    }
}
