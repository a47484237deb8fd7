using Starling.Slots.Memory;

namespace Starling.Slots.Tests;

public sealed unsafe class NativeHeapTests
{
    [Fact]
    public void Allocations_do_not_overlap_and_keep_their_bytes()
    {
        using var heap = new NativeHeap(4);
        var random = new Random(11);
        var live = new List<(nint At, int Size, byte Fill)>();
        for (var step = 0; step < 30_000; step++)
        {
            if (live.Count > 500 || (live.Count > 0 && random.Next(3) == 0))
            {
                var index = random.Next(live.Count);
                var (at, size, fill) = live[index];
                Assert.True(new ReadOnlySpan<byte>((void*)at, size).IndexOfAnyExcept(fill) < 0);
                if (random.Next(4) == 0)
                {
                    var newSize = Size(random);
                    var moved = heap.Reallocate(random.Next(100), (byte*)at, size, newSize);
                    var kept = Math.Min(size, newSize);
                    Assert.True(new ReadOnlySpan<byte>(moved, kept).IndexOfAnyExcept(fill) < 0);
                    new Span<byte>(moved, newSize).Fill(fill);
                    live[index] = ((nint)moved, newSize, fill);
                    continue;
                }

                heap.Free((byte*)at, size);
                live[index] = live[^1];
                live.RemoveAt(live.Count - 1);
            }
            else
            {
                var size = Size(random);
                var memory = heap.Allocate(random.Next(100), size);
                var fill = (byte)random.Next(256);
                new Span<byte>(memory, size).Fill(fill);
                live.Add(((nint)memory, size, fill));
            }
        }

        Assert.Equal(live.Sum(x => NativeHeap.CountedBytes(x.Size)), heap.UsedBytes);
        foreach (var (at, size, _) in live) heap.Free((byte*)at, size);
        Assert.Equal(0, heap.UsedBytes);
    }

    [Fact]
    public void What_may_be_used_is_at_least_what_was_asked_for_and_stays_the_same_when_asked_again()
    {
        var last = 0L;
        for (var size = 1L; size < 100_000; size++)
        {
            var usable = NativeHeap.UsableBytes(size);
            Assert.InRange(usable, size, size + 7 + (size / 8) + 64);
            Assert.Equal(usable, NativeHeap.UsableBytes(usable));
            Assert.True(usable >= last);
            last = usable;
        }
    }

    [Fact]
    public void Zeroed_memory_is_zero_even_where_it_was_used_before()
    {
        using var heap = new NativeHeap(1);
        for (var size = 1; size < 20_000; size += 97)
        {
            var memory = heap.Allocate(0, size);
            new Span<byte>(memory, size).Fill(0xFF);
            heap.Free(memory, size);
            memory = heap.AllocateZeroed(0, size);
            Assert.True(new ReadOnlySpan<byte>(memory, size).IndexOfAnyExcept((byte)0) < 0);
            heap.Free(memory, size);
        }

        Assert.Equal(0, heap.UsedBytes);
    }

    private static int Size(Random random) => random.Next(10) switch
    {
        0 => random.Next(1, 200_000),
        1 or 2 => random.Next(1, 10_000),
        _ => random.Next(1, 300),
    };
}
