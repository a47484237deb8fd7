using Starling.Slots.Keyspace;
using Starling.Slots.Memory;

namespace Starling.Slots.Tests;

/// <summary>The order of locks, and that nothing blocks under a stripe.</summary>
public sealed class LockOrderTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    [Fact]
    public void Tests_check_the_order() => Assert.True(LockOrder.IsChecked);

    [Fact]
    public void Ranks_may_rise()
    {
        var log = new RankedLock(LockRank.ReplicationLog, "log");
        var leaf = new RankedLock(LockRank.Leaf, "leaf");
        Assert.Empty(Violations(() =>
        {
            using var first = log.Enter();
            using var second = leaf.Enter();
        }));
    }

    [Fact]
    public void A_lower_rank_under_a_higher_one_is_a_violation_that_names_both()
    {
        var log = new RankedLock(LockRank.ReplicationLog, "the log");
        var leaf = new RankedLock(LockRank.Leaf, "the leaf");
        var violation = Assert.Single(Violations(() =>
        {
            using var first = leaf.Enter();
            using var second = log.Enter();
        }));
        Assert.Contains("the log (ReplicationLog) under the leaf (Leaf)", violation, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_locks_of_one_rank_are_a_violation()
    {
        var one = new RankedLock(LockRank.Leaf, "one");
        var other = new RankedLock(LockRank.Leaf, "other");
        Assert.Single(Violations(() =>
        {
            using var first = one.Enter();
            using var second = other.Enter();
        }));
    }

    [Fact]
    public void A_violation_is_found_before_the_lock_is_waited_for()
    {
        var log = new RankedLock(LockRank.ReplicationLog, "log");
        var leaf = new RankedLock(LockRank.Leaf, "leaf");
        Assert.Single(Violations(() =>
        {
            using var first = leaf.Enter();
            LockOrder.Held.OnViolation += _ => throw new InvalidOperationException("stopped");
            Assert.Throws<InvalidOperationException>(() =>
            {
                using var second = log.Enter();
            });
            Assert.False(log.IsHeldByCurrentThread);
        }));
    }

    [Fact]
    public void A_held_lock_may_be_taken_again_under_a_higher_one()
    {
        var log = new RankedLock(LockRank.ReplicationLog, "log");
        var leaf = new RankedLock(LockRank.Leaf, "leaf");
        Assert.Empty(Violations(() =>
        {
            using (log.Enter())
            using (leaf.Enter())
            using (log.Enter())
            {
                Assert.True(log.IsHeldByCurrentThread);
            }

            using (log.Enter()) Assert.True(log.IsHeldByCurrentThread); // nothing is left behind
        }));
    }

    [Fact]
    public void What_was_only_tried_for_counts_as_held()
    {
        var log = new RankedLock(LockRank.ReplicationLog, "log");
        var leaf = new RankedLock(LockRank.Leaf, "leaf");
        Assert.Single(Violations(() =>
        {
            Assert.True(leaf.TryEnter());
            Assert.True(log.TryEnter()); // waits for nobody
            log.Exit();
            using (log.Enter()) Assert.True(log.IsHeldByCurrentThread);
            leaf.Exit();
        }));
    }

    [Fact]
    public void A_stripe_under_any_other_lock_is_a_violation()
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions());
        var leaf = new RankedLock(LockRank.Leaf, "leaf");
        foreach (var take in new Action[]
        {
            () => keyspace.LockSlot(7).Dispose(), () => keyspace.LockAll().Dispose(), () => keyspace.Lock(Stripes(7, 9)).Dispose(),
        })
        {
            var violation = Assert.Single(Violations(() =>
            {
                using var held = leaf.Enter();
                take();
            }));
            Assert.Contains("a stripe (Stripe) under leaf (Leaf)", violation, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_stripe_that_is_held_may_be_taken_again_under_another_lock()
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions());
        var leaf = new RankedLock(LockRank.Leaf, "leaf");
        Assert.Empty(Violations(() =>
        {
            using var some = keyspace.Lock(Stripes(7, 9));
            using var held = leaf.Enter();
            using var one = keyspace.LockSlot(9);
            using var both = keyspace.Lock(Stripes(7, 9));
        }));
    }

    [Fact]
    public void Stripes_are_taken_ascending()
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions());
        Assert.Empty(Violations(() =>
        {
            using var first = keyspace.LockSlot(0);
            using var second = keyspace.LockSlot(HashSlot.Count - 1);
        }));
        Assert.Single(Violations(() =>
        {
            using var first = keyspace.LockSlot(HashSlot.Count - 1);
            using var second = keyspace.LockSlot(0);
        }));
    }

    [Fact]
    public void Nobody_asks_the_system_for_memory_while_others_spin()
    {
        var pool = new RankedLock(LockRank.Memory, "a pool");
        var leaf = new RankedLock(LockRank.Leaf, "leaf");
        Assert.Empty(Violations(() =>
        {
            using var held = leaf.Enter();
            TakeAndGiveBack();
        }));
        var violations = Violations(() =>
        {
            using var held = pool.Enter();
            TakeAndGiveBack();
        });
        Assert.Equal(2, violations.Count);
        Assert.All(violations, violation => Assert.EndsWith("under a pool", violation, StringComparison.Ordinal));
    }

    [Fact]
    public void Nothing_blocks_while_stripes_are_held()
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions());
        static void Block() => LockOrder.AssertMayBlock("a long wait");
        Assert.Empty(Violations(Block));
        foreach (var take in new Action[]
        {
            () =>
            {
                using var held = keyspace.LockSlot(7);
                Block();
            },
            () =>
            {
                using var held = keyspace.Lock(Stripes(7, 9));
                Block();
            },
            () =>
            {
                using var held = keyspace.LockAll();
                using var again = keyspace.LockSlot(7);
                Block();
            },
        })
        {
            var violation = Assert.Single(Violations(take));
            Assert.Contains("a long wait", violation, StringComparison.Ordinal);
            Assert.Empty(Violations(Block));
        }
    }

    [Fact]
    public void Threads_that_keep_the_order_are_never_stopped()
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions());
        var ranks = new[] { LockRank.Configuration, LockRank.Membership, LockRank.ReplicationLog, LockRank.ConnectionOutput, LockRank.Leaf };
        var locks = Array.ConvertAll(ranks, rank => new RankedLock(rank, rank.ToString()));
        var counts = new int[locks.Length];
        var expected = new int[locks.Length];
        var violations = new List<string>[4];
        var threads = Enumerable.Range(0, violations.Length).Select(seed => new Thread(() => violations[seed] = Violations(() =>
        {
            var random = new Random(seed);
            for (var round = 0; round < 10_000; round++)
            {
                using var stripe = keyspace.LockSlot(random.Next(HashSlot.Count));
                Descend(random, 0);
            }
        }))).ToList();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) Assert.True(thread.Join(Deadline), "a thread waits for ever");
        Assert.All(violations, Assert.Empty);
        Assert.Equal(expected, counts);

        void Descend(Random random, int from)
        {
            var next = random.Next(from, locks.Length + 1);
            if (next == locks.Length) return;
            using var held = locks[next].Enter();
            counts[next]++;
            Interlocked.Increment(ref expected[next]);
            Descend(random, next + 1);
        }
    }

    private static unsafe void TakeAndGiveBack()
    {
        const int Size = 1 << 16;
        SystemMemory.Release(SystemMemory.Take(Size), Size);
    }

    private static StripeSet Stripes(params ReadOnlySpan<int> slots)
    {
        var set = default(StripeSet);
        foreach (var slot in slots) set.AddSlot(slot);
        return set;
    }

    /// <summary>What this thread is told that it broke, in place of the process's end.</summary>
    private static List<string> Violations(Action action)
    {
        var violations = new List<string>();
        var before = LockOrder.Held.OnViolation;
        LockOrder.Held.OnViolation = violations.Add;
        try
        {
            action();
        }
        finally
        {
            LockOrder.Held.OnViolation = before;
        }

        return violations;
    }
}
