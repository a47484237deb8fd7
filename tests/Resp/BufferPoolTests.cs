using System.Diagnostics;

namespace Starling.Resp.Tests;

public sealed class BufferPoolTests
{
    [Theory]
    [InlineData(0, BufferPool.SmallLength)]
    [InlineData(1, BufferPool.SmallLength)]
    [InlineData(BufferPool.SmallLength + 1, BufferPool.SegmentLength)]
    [InlineData(BufferPool.SegmentLength + 1, BufferPool.LargeLength)]
    [InlineData(BufferPool.LargeLength, BufferPool.LargeLength)]
    [InlineData(BufferPool.LargeLength + 1, BufferPool.LargeLength + 1)]
    public void An_array_is_as_long_as_asked_for_or_the_next_size(int least, int length) =>
        Assert.Equal(length, NewPool().Rent(least).Length);

    [Fact]
    public void No_array_is_given_to_two()
    {
        var pool = NewPool();
        var random = new Random(5);
        var held = new List<byte[]>();
        var known = new HashSet<byte[]>(ReferenceEqualityComparer.Instance);
        for (var i = 0; i < 10_000; i++)
        {
            if (held.Count > 0 && random.Next(2) == 0)
            {
                var at = random.Next(held.Count);
                pool.Return(held[at]);
                known.Remove(held[at]);
                held.RemoveAt(at);
            }
            else
            {
                var array = pool.Rent(random.Next(BufferPool.LargeLength));
                Assert.True(known.Add(array));
                held.Add(array);
            }
        }
    }

    [Fact]
    public void What_a_burst_needed_is_dropped_when_it_is_over_and_what_is_needed_on_stays()
    {
        var pool = NewPool();
        var burst = Enumerable.Range(0, 100).Select(_ => pool.Rent(BufferPool.SegmentLength)).ToList();
        foreach (var array in burst) pool.Return(array);
        Assert.Equal(99 * BufferPool.SegmentLength, pool.FreeBytes); // one is kept for the thread
        pool.Trim(); // they were needed since the last time
        for (var i = 0; i < 5; i++)
        {
            var steady = Enumerable.Range(0, 11).Select(_ => pool.Rent(BufferPool.SegmentLength)).ToList();
            foreach (var array in steady) pool.Return(array);
            pool.Trim();
            Assert.Equal(10 * BufferPool.SegmentLength, pool.FreeBytes);
        }

        Assert.Equal(89 * BufferPool.SegmentLength, pool.DroppedBytes);
        pool.Trim();
        Assert.Equal(0, pool.FreeBytes);
    }

    [Fact]
    public void What_is_too_long_to_be_kept_counts_as_dropped()
    {
        var pool = NewPool();
        pool.Return(pool.Rent(1_000_000));
        pool.Return([]);
        Assert.Equal(1_000_000, pool.DroppedBytes);
        Assert.Equal(0, pool.FreeBytes);
    }

    [Theory]
    [InlineData(false, 20)]
    [InlineData(true, 4)]
    public void Who_finds_no_room_has_the_garbage_collected_for_a_part_of_the_time_only(bool isFirst, int part)
    {
        var now = 0L;
        var pool = new BufferPool(() => now += 10) { MostBytes = 1 }; // a collection takes 10
        var before = GC.CollectionCount(GC.MaxGeneration);
        for (var i = 0; i < 1000; i++) Assert.Throws<OutOfMemoryException>(() => pool.Rent(1, isFirst));
        Assert.InRange(GC.CollectionCount(GC.MaxGeneration) - before, 1000 / (part + 1), (1000 / part) + 50); // of others' too
    }

    [Fact]
    public void What_others_leave_of_the_memory_is_a_limit_too()
    {
        var pool = new BufferPool(Clock) { HeapBytes = 1 };
        Assert.Throws<OutOfMemoryException>(() => pool.Rent(1));
        Assert.Throws<OutOfMemoryException>(() => pool.EnsureRoom(1_000_000));
        pool.HeapBytes = long.MaxValue;
        Assert.Equal(BufferPool.SmallLength, pool.Rent(1).Length);
    }

    [Fact]
    public void The_first_array_of_a_client_may_come_from_the_room_that_others_leave()
    {
        // So much that what other tests take and free does not matter.
        var others = GC.AllocateUninitializedArray<byte>(512 << 20);
        var pool = new BufferPool(Clock) { MostBytes = GC.GetTotalMemory(forceFullCollection: false) - (16 << 20) };
        Assert.Throws<OutOfMemoryException>(() => pool.Rent(1));
        Assert.Equal(BufferPool.SmallLength, pool.Rent(1, isFirst: true).Length);
        Assert.Throws<OutOfMemoryException>(() => pool.Rent(BufferPool.LargeLength, isFirst: true)); // that long is no first one
        var writer = new RespWriter(pool);
        writer.Simple("PONG"u8);
        Assert.Throws<OutOfMemoryException>(() => writer.Bulk(new byte[BufferPool.LargeLength]));
        pool.MostBytes /= 2;
        Assert.Throws<OutOfMemoryException>(() => pool.Rent(1, isFirst: true));
        GC.KeepAlive(others);
    }

    [Fact]
    public void A_writer_gives_everything_back()
    {
        var pool = NewPool();
        var writer = new RespWriter(pool);
        writer.Bulk(new byte[200_000]);
        writer.Integer(1);
        writer.Clear();
        var free = pool.FreeBytes;
        writer.Bulk(new byte[200_000]);
        writer.Integer(1);
        writer.Clear();
        Assert.Equal(free, pool.FreeBytes);
        Assert.Equal(0, pool.DroppedBytes); // no segment is too long for the pool
    }

    private static long Clock() => Stopwatch.GetTimestamp();

    private static BufferPool NewPool() => new(Clock);
}
