using Starling.Slots.Memory;

namespace Starling.Slots.Tests;

/// <summary>What the heap does with memory that is not in use any more.</summary>
public sealed unsafe class HeapReturnTests
{
    private const int Size = 40;
    private const long Reserve = 2 << 20;

    [Fact]
    public void New_cells_come_from_the_blocks_that_are_there_while_these_have_room()
    {
        using var heap = new NativeHeap(1);
        var cells = Thin(heap, 100_000, keptOneOf: 10, new Random(3));
        var active = heap.Usage.Active;
        for (var i = 0; i < 80_000; i++) cells.Add((nint)heap.Allocate(0, Size));
        Assert.InRange(heap.Usage.Active, 0, active);
        foreach (var cell in cells) heap.Free((byte*)cell, Size);
        Assert.Equal(0, heap.UsedBytes);
    }

    [Fact]
    public void New_cells_come_from_the_fullest_blocks_so_that_the_others_become_empty()
    {
        using var heap = new NativeHeap(1);
        var random = new Random(4);
        var cells = Thin(heap, 100_000, keptOneOf: 3, random);
        var before = heap.Usage.Active;
        for (var turn = 0; turn < 400_000; turn++)
        {
            var at = random.Next(cells.Count);
            heap.Free((byte*)cells[at], Size);
            cells[at] = (nint)heap.Allocate(0, Size);
        }

        Assert.InRange(heap.Usage.Active, heap.UsedBytes, before * 2 / 3);
        foreach (var cell in cells) heap.Free((byte*)cell, Size);
    }

    [Fact]
    public void Memory_that_is_free_goes_back_to_the_system_but_for_a_reserve()
    {
        using var heap = new NativeHeap(2);
        var cells = new List<nint>();
        for (var i = 0; i < 800_000; i++) cells.Add((nint)heap.Allocate(i & 1, Size));
        var full = heap.Usage;
        Assert.InRange(full.Resident, full.Used, full.Used + Reserve);
        foreach (var cell in cells) heap.Free((byte*)cell, Size);
        Assert.Equal(0, heap.Usage.Active);
        Assert.True(heap.Usage.Resident >= full.Used);
        Trim(heap);
        Assert.InRange(heap.Usage.Resident, 0, Reserve);
    }

    [Fact]
    public void Free_blocks_of_a_chunk_go_back_though_its_other_blocks_are_in_use()
    {
        using var heap = new NativeHeap(1);
        var cells = new List<nint>();
        for (var i = 0; i < 800_000; i++) cells.Add((nint)heap.Allocate(0, Size));

        // One cell of each 2 MiB stays, so that no chunk is empty.
        var kept = cells.GroupBy(cell => cell >> 21).Select(chunk => chunk.First()).ToHashSet();
        foreach (var cell in cells.Where(cell => !kept.Contains(cell))) heap.Free((byte*)cell, Size);
        foreach (var cell in kept) *(long*)cell = cell;
        Trim(heap);
        Assert.InRange(heap.Usage.Resident, 0, heap.Usage.Active + Reserve);
        Assert.InRange(heap.Usage.Active, 0, kept.Count * (long)SizeClass.BlockBytes);
        foreach (var cell in kept) Assert.Equal(cell, *(long*)cell);

        for (var i = 0; i < 800_000; i++) kept.Add((nint)heap.Allocate(0, Size));
        foreach (var cell in kept) heap.Free((byte*)cell, Size);
        Trim(heap);
        Assert.InRange(heap.Usage.Resident, 0, Reserve);
    }

    [Fact]
    public void Cells_that_are_moved_out_of_the_emptiest_blocks_fill_as_few_as_possible()
    {
        using var heap = new NativeHeap(1);
        var cells = Thin(heap, 200_000, keptOneOf: 10, new Random(5));
        foreach (var cell in cells) new Span<byte>((void*)cell, Size).Fill((byte)cell.GetHashCode());
        var fills = cells.Select(cell => (byte)cell.GetHashCode()).ToArray();
        Assert.InRange(heap.Usage.Reclaimable, heap.Usage.Active * 8 / 10, heap.Usage.Active);

        Begin(heap);
        for (var i = 0; i < cells.Count; i++)
        {
            var cell = (byte*)cells[i];
            heap.TryMove(0, ref cell, Size);
            cells[i] = (nint)cell;
        }

        End(heap);
        Assert.Equal(0, heap.Usage.Reclaimable);
        Assert.InRange(heap.Usage.Active, heap.UsedBytes, heap.UsedBytes + (2 * SizeClass.BlockBytes));
        for (var i = 0; i < cells.Count; i++)
            Assert.True(new ReadOnlySpan<byte>((void*)cells[i], Size).IndexOfAnyExcept(fills[i]) < 0);
        foreach (var cell in cells) heap.Free((byte*)cell, Size);
        Assert.Equal(0, heap.UsedBytes);
    }

    [Fact]
    public void Blocks_that_were_to_be_emptied_and_are_not_are_used_again()
    {
        using var heap = new NativeHeap(1);
        var cells = Thin(heap, 50_000, keptOneOf: 4, new Random(6));
        var active = heap.Usage.Active;
        Begin(heap);
        End(heap);
        for (var i = 0; i < 30_000; i++) cells.Add((nint)heap.Allocate(0, Size));
        Assert.InRange(heap.Usage.Active, 0, active);
        foreach (var cell in cells) heap.Free((byte*)cell, Size);
        Assert.Equal(0, heap.Usage.Active);
    }

    [Theory]
    [InlineData(9000)]
    [InlineData(20_000)]
    [InlineData(100_000)]
    [InlineData(1_000_000)]
    [InlineData(3_000_000)]
    public void The_pages_of_large_allocations_go_back_though_others_lie_between_them(int size)
    {
        using var heap = new NativeHeap(1);
        var random = new Random(7);
        var kept = new List<nint>();
        var freed = new List<nint>();
        for (var i = 0; i < 60_000_000 / size; i++)
        {
            var memory = (nint)heap.Allocate(0, size);
            new Span<byte>((void*)memory, size).Fill((byte)i);
            *(long*)memory = memory;
            ((long*)(memory + size))[-1] = memory + size;
            (random.Next(10) == 0 ? kept : freed).Add(memory);
        }

        Assert.Equal(heap.UsedBytes, (kept.Count + freed.Count) * NativeHeap.CountedBytes(size));
        foreach (var memory in freed) heap.Free((byte*)memory, size);
        Trim(heap);
        Assert.InRange(heap.Usage.Resident, heap.UsedBytes, (heap.UsedBytes * 9 / 8) + Reserve);
        AssertWhole();
        for (var i = 0; i < freed.Count; i++) freed[i] = (nint)heap.Allocate(0, size);
        foreach (var memory in freed) new Span<byte>((void*)memory, size).Fill(0xEE);
        AssertWhole();
        foreach (var memory in kept.Concat(freed)) heap.Free((byte*)memory, size);
        Assert.Equal(0, heap.UsedBytes);
        Trim(heap);
        Assert.InRange(heap.Usage.Resident, 0, Reserve);

        void AssertWhole()
        {
            foreach (var memory in kept)
            {
                Assert.Equal(memory, *(long*)memory);
                Assert.Equal(memory + size, ((long*)(memory + size))[-1]);
            }
        }
    }

    [Fact]
    public void An_allocation_keeps_its_content_when_it_grows_and_shrinks_through_all_sorts_of_memory()
    {
        using var heap = new NativeHeap(1);
        var size = 100L;
        var memory = heap.Allocate(0, size);
        new Span<byte>(memory, 100).Fill(0x5A);
        foreach (var next in (long[])[5000, 9000, 9001, 500_000, 1_048_544, 1_048_545, 5_000_000, 40_000_000, 2_000_000, 900_000, 10_000, 300])
        {
            var other = heap.Allocate(0, next);
            memory = heap.Reallocate(0, memory, size, next);
            heap.Free(other, next);
            size = next;
            Assert.True(new ReadOnlySpan<byte>(memory, 100).IndexOfAnyExcept((byte)0x5A) < 0);
            new Span<byte>(memory, (int)size)[100..].Fill(0x11);
            Assert.Equal(NativeHeap.CountedBytes(size), heap.UsedBytes);
        }

        heap.Free(memory, size);
        Assert.Equal(0, heap.UsedBytes);
    }

    [Fact]
    public void Threads_may_use_the_heap_while_another_gives_memory_back_and_chooses_blocks_to_empty()
    {
        using var heap = new NativeHeap(4);
        var isDone = false;
        var keeper = new Thread(() =>
        {
            while (!Volatile.Read(ref isDone))
            {
                heap.Trim();
                Begin(heap);
                End(heap);
            }
        });
        var workers = Enumerable.Range(0, 3).Select(seed => new Thread(() => Work(heap, seed))).ToList();
        keeper.Start();
        foreach (var worker in workers) worker.Start();
        foreach (var worker in workers) worker.Join();
        Volatile.Write(ref isDone, true);
        keeper.Join();
        Assert.Equal(0, heap.UsedBytes);
        Assert.Equal(0, heap.Usage.Active);
        Trim(heap);
        Assert.InRange(heap.Usage.Resident, 0, 2 * Reserve); // of cells and of runs
    }

    private static void Work(NativeHeap heap, int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 12; round++)
        {
            var cells = new List<(nint At, int Size)>();
            for (var i = 0; i < 8000; i++)
            {
                var size = i % 50 == 0 ? random.Next(8000, 60_000) : random.Next(8, 3000);
                var memory = heap.Allocate(random.Next(8), size);
                *(long*)memory = (long)memory ^ size;
                cells.Add(((nint)memory, size));
            }

            foreach (var (at, size) in cells)
            {
                if (*(long*)at != ((long)at ^ size)) throw new InvalidOperationException("somebody else wrote here");
                heap.Free((byte*)at, size);
            }
        }
    }

    /// <summary>Makes many cells and frees all but some at random.</summary>
    private static List<nint> Thin(NativeHeap heap, int count, int keptOneOf, Random random)
    {
        var kept = new List<nint>();
        var freed = new List<nint>();
        for (var i = 0; i < count; i++)
            (random.Next(keptOneOf) == 0 ? kept : freed).Add((nint)heap.Allocate(0, Size));
        foreach (var cell in freed) heap.Free((byte*)cell, Size);
        return kept;
    }

    private static void Begin(NativeHeap heap)
    {
        var step = 0;
        var blocks = 0L;
        while (heap.BeginEmptying(ref step, ref blocks))
        {
        }
    }

    private static void End(NativeHeap heap)
    {
        var step = 0;
        while (heap.EndEmptying(ref step))
        {
        }
    }

    private static void Trim(NativeHeap heap)
    {
        while (heap.Trim())
        {
        }
    }
}
