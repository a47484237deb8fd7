using System.Globalization;
using Starling.Node.Persistence;

namespace Starling.Node.Tests.Persistence;

public sealed class SnapshotTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_snapshot_has_the_state_of_its_start_while_writers_go_on(int seed)
    {
        using var host = new PersistenceHost();
        var random = new Random(seed);
        for (var i = 0; i < 30_000; i++)
            host.Set(new RdbEntry($"key:{i}", new string('v', random.Next(60)), i % 3 == 0 ? 5_000_000_000_000 + i : -1, i % 2));
        var before = Sorted(host.All());

        var stop = false;
        var writes = 0;
        var writers = Enumerable.Range(0, 2).Select(number => new Thread(() =>
        {
            var own = new Random((seed * 100) + number);
            while (!Volatile.Read(ref stop))
            {
                var i = own.Next(40_000);
                if (own.Next(3) == 0) host.Remove($"key:{i}");
                else host.Set(new RdbEntry($"key:{i}", $"new{own.Next()}", -1, i % 2));
                Interlocked.Increment(ref writes);
            }
        })).ToArray();
        var target = new CollectingTarget();
        target.Gate.Reset();
        var session = host.Persistence.StartSnapshot(target, new SnapshotOptions());
        foreach (var writer in writers) writer.Start();
        Assert.True(target.WaitUntilReached());
        var reached = Volatile.Read(ref writes);
        // The writers change what the blocked saver has not visited.
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref writes) > reached + 5000, Patience));
        target.Gate.Set();
        Assert.True(session.Wait(Patience));
        Volatile.Write(ref stop, true);
        foreach (var writer in writers) writer.Join();

        Assert.Equal(SnapshotState.Completed, session.State);
        Assert.Equal(before, Sorted(RdbBytes.Read(target.Bytes, out _)!));
        Assert.NotEqual(before, Sorted(host.All()));
    }

    [Fact]
    public void Position_is_captured_under_every_stripe_and_written()
    {
        using var host = new PersistenceHost();
        host.Set("a", "b");
        var isLocked = false;
        var target = new CollectingTarget();
        var session = host.Persistence.StartSnapshot(target, new SnapshotOptions
        {
            OnStart = () =>
            {
                var probe = new Thread(() => host.Set("other", "x")) { IsBackground = true };
                probe.Start();
                isLocked = !probe.Join(100);
                return new ReplicationPosition(new string('c', 40), 4711, 3);
            },
        });
        Assert.True(isLocked);
        Assert.Equal(4711, session.Position!.Value.Offset);
        Assert.True(session.Wait(Patience));

        using var second = new PersistenceHost();
        var result = second.Persistence.Load(new MemoryStream(target.Bytes), new RdbLoadOptions());
        Assert.Equal(new ReplicationPosition(new string('c', 40), 4711, 3), result.Position);
        Assert.Equal([new RdbEntry("a", "b")], second.All());
    }

    [Fact]
    public void Snapshots_run_beside_each_other_each_with_the_state_of_its_start()
    {
        using var host = new PersistenceHost();
        host.Set("a", "1");
        var first = new CollectingTarget();
        first.Gate.Reset();
        var firstSession = host.Persistence.StartSnapshot(first, new SnapshotOptions());
        Assert.True(first.WaitUntilReached());

        host.Set("a", "2");
        var second = new CollectingTarget();
        Assert.True(host.Persistence.StartSnapshot(second, new SnapshotOptions()).Wait(Patience));
        host.Set("a", "3");
        Assert.False(host.Persistence.IsSaving);
        Assert.True(host.Save(background: true));
        Assert.Equal(SnapshotState.Running, firstSession.State);
        host.Set("a", "4");
        first.Gate.Set();
        Assert.True(firstSession.Wait(Patience));
        Assert.Equal([new RdbEntry("a", "1")], RdbBytes.Read(first.Bytes, out _));
        Assert.Equal([new RdbEntry("a", "2")], RdbBytes.Read(second.Bytes, out _));
        Assert.Equal([new RdbEntry("a", "3")], RdbBytes.Read(System.IO.File.ReadAllBytes(host.File), out _));
    }

    [Fact]
    public void A_snapshot_of_some_slots_has_their_keys_only()
    {
        using var host = new PersistenceHost();
        host.Set("{a}1", "1");
        host.Set("{a}2", "2");
        host.Set("{b}1", "3");
        var target = new CollectingTarget();
        var options = new SnapshotOptions { Slots = [Starling.Slots.HashSlot.Of("a"u8)] };
        Assert.True(host.Persistence.StartSnapshot(target, options).Wait(Patience));
        var expected = Sorted([new RdbEntry("{a}1", "1"), new RdbEntry("{a}2", "2")]);
        Assert.Equal(expected, Sorted(RdbBytes.Read(target.Bytes, out _)!));
    }

    [Fact]
    public void The_next_snapshot_may_start_when_the_end_of_one_is_heard()
    {
        using var host = new PersistenceHost();
        for (var i = 0; i < 200; i++) Assert.True(host.Save());
    }

    [Fact]
    public void A_cancelled_snapshot_lets_go_of_a_blocked_target()
    {
        using var host = new PersistenceHost();
        host.Set("a", "1");
        var target = new CollectingTarget();
        target.Gate.Reset();
        SnapshotState? heard = null;
        var session = host.Persistence.StartSnapshot(target, new SnapshotOptions { OnEnd = ended => heard = ended.State });
        Assert.True(target.WaitUntilReached());
        session.Cancel();
        Assert.True(session.Wait(Patience));
        Assert.Equal(SnapshotState.Cancelled, session.State);
        Assert.Equal(SnapshotState.Cancelled, heard);
        Assert.True(target.IsAbandoned && !target.IsComplete);
        Assert.Equal([new RdbEntry("a", "1")], host.All());
    }

    [Fact]
    public void A_failing_target_fails_its_snapshot_only()
    {
        using var host = new PersistenceHost();
        host.Set("a", "1");
        var target = new CollectingTarget { Fails = true };
        var session = host.Persistence.StartSnapshot(target, new SnapshotOptions());
        Assert.True(session.Wait(Patience));
        Assert.Equal((SnapshotState.Failed, "broken pipe", true), (session.State, session.Error, target.IsAbandoned));
        Assert.False(host.Persistence.RefusesWrites);
        Assert.Equal([new RdbEntry("a", "1")], host.All());
    }

    [Fact]
    public void Large_values_and_empty_ones_pass_the_buffer()
    {
        using var host = new PersistenceHost();
        var random = new Random(8);
        var entries = new List<RdbEntry>();
        foreach (var length in new[] { 0, 1, 65_000, 65_535, 65_536, 65_537, 131_072, 200_000, 5_000_000 })
        {
            var value = new byte[length];
            random.NextBytes(value);
            entries.Add(new RdbEntry(0, System.Text.Encoding.ASCII.GetBytes(length.ToString(CultureInfo.InvariantCulture)), value));
            entries.Add(new RdbEntry(1, new byte[Math.Min(length, 100_000)], [], 9_000_000_000_000));
        }

        entries = [.. entries.DistinctBy(entry => (entry.Database, Convert.ToHexString(entry.Key)))];
        foreach (var entry in entries) host.Set(entry);
        Assert.Equal(Sorted(entries), Sorted(host.All()));
    }

    internal static List<string> Sorted(IEnumerable<RdbEntry> entries) =>
        [.. entries.Select(entry => entry.ToString()).Order(StringComparer.Ordinal)];
}
