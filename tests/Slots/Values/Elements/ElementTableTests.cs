using Starling.Slots.Keyspace;
using Starling.Slots.Memory;
using Starling.Slots.Values;
using Starling.Slots.Values.Elements;

namespace Starling.Slots.Tests.Values.Elements;

public sealed unsafe class ElementTableTests
{
    /// <summary>All bits of the hash; few, so that windows, tags or everything collide.</summary>
    private static readonly ulong[] Masks = [ulong.MaxValue, ulong.MaxValue, 0, 3UL << 62, 0xFF, 0x0000_000F_FFFF_F000];

    [Fact]
    public void A_table_agrees_with_a_dictionary() =>
        Operations.Check(60, 900, operations =>
        {
            using var model = new ElementModel(Masks[operations.Length % Masks.Length]);
            if (operations.Length % 3 == 0) model.Fill(500);
            foreach (var operation in operations) model.Change(new Random((int)operation));
            model.Verify();
        });

    [Fact]
    public void Every_view_gets_the_elements_of_its_start_under_every_interleaving() =>
        Operations.Check(60, 600, operations =>
        {
            using var model = new ElementModel(Masks[operations.Length % Masks.Length]);
            model.Fill(operations.Length);
            var running = new List<SavedElements>();
            foreach (var operation in operations)
            {
                var random = new Random((int)(operation >> 4));
                switch (operation % 16)
                {
                    case 0 when running.Count < 4:
                        running.Add(model.Freeze());
                        break;
                    case 1 when running.Count > 0 && random.Next(3) == 0:
                        running[random.Next(running.Count)].SaveSome();
                        break;
                    case 2 when running.Count > 0 && random.Next(3) == 0:
                        running[0].Finish();
                        running.RemoveAt(0);
                        break;
                    case 2 when running.Count > 0 && random.Next(5) == 0:
                        running[^1].Abandon();
                        running.RemoveAt(running.Count - 1);
                        break;
                    case 3 when random.Next(9) == 0:
                        model.Delete();
                        break;
                    default:
                        model.Change(random);
                        break;
                }
            }

            foreach (var each in running) each.Finish();
            model.Verify();
        });

    [Fact]
    public void A_writer_saves_for_a_view_some_elements_around_the_one_it_changes()
    {
        using var model = new ElementModel();
        model.Fill(100_000);
        var view = model.Freeze();
        var before = view.BufferedBytes;
        model.Set("e50000", "changed");
        Assert.InRange(view.BufferedBytes - before, 0, 10_000);
        for (var i = 0; i < 100; i++) model.Set("e50000", "changed again " + i);
        Assert.InRange(view.BufferedBytes - before, 0, 10_000);
        for (var i = 0; i < 100; i++) model.Remove("e" + i);
        Assert.InRange(view.BufferedBytes - before, 100 * 20, 100 * 64 * 20);
        view.Finish();
    }

    [Fact]
    public void A_scan_meets_every_element_that_stays_whatever_else_comes_and_goes() =>
        Operations.Check(30, 60, operations =>
        {
            using var model = new ElementModel(Masks[operations.Length % Masks.Length]);
            for (var i = 0; i < 200; i++) model.Set("stays" + i, "");
            var receiver = new Names();
            var cursor = 0UL;
            var steps = 0;
            do
            {
                cursor = ElementTable.Scan(model.Table, cursor, ref receiver);
                Assert.True(cursor < 1UL << 48);
                var random = new Random((int)operations.ElementAtOrDefault(steps % 60));
                var first = random.Next(3000);
                for (var i = 0; i < random.Next(200); i++)
                {
                    if (random.Next(2) == 0) model.Set("e" + (first + i), "");
                    else model.Remove("e" + (first + i));
                }

                Assert.InRange(++steps, 1, 20_000);
            }
            while (cursor != 0);
            for (var i = 0; i < 200; i++) Assert.Contains("stays" + i, receiver.Met);
        });

    [Fact]
    public void Every_number_picks_another_element()
    {
        using var model = new ElementModel();
        model.Fill(5000);
        var picked = new HashSet<string>();
        for (var i = 0; i < 5000; i++) picked.Add(ElementModel.Text(ElementTable.Pick(model.Table, i).Name));
        Assert.Equal(5000, picked.Count);
    }

    [Fact]
    public void Expired_elements_are_found_by_their_seconds_and_no_others()
    {
        using var model = new ElementModel();
        var random = new Random(6);
        for (var i = 0; i < 20_000; i++) model.Set("e" + i, "v", i % 2 == 0 ? Entry.NoExpiry : random.Next(1, 500_000));
        for (var i = 0; i < 10_000; i++) model.Change(random, 20_000);
        Span<Element> expired = stackalloc Element[100];
        for (var now = 0L; now <= 510_000; now += random.Next(3000))
        {
            bool more;
            do
            {
                more = ElementExpiry.Find(model.Table, now, expired, out var count);
                foreach (var element in expired[..count])
                {
                    Assert.InRange(element.ExpiresAt, 1, now - 1);
                    model.Remove(ElementModel.Text(element.Name));
                }
            }
            while (more);
            var lowest = model.Model.Values.Where(x => x.ExpiresAt != Entry.NoExpiry).Select(x => x.ExpiresAt)
                .DefaultIfEmpty(long.MaxValue).Min();
            Assert.True(lowest >= now / 1000 * 1000);
            for (var i = 0; i < 20; i++) model.Change(random, 20_000);
        }

        foreach (var (name, element) in model.Model.Where(x => x.Value.ExpiresAt != Entry.NoExpiry).ToList())
            model.Remove(name);
        Assert.Equal(long.MaxValue, ElementExpiry.Earliest(model.Table));
        model.Verify();
    }

    [Fact]
    public void A_search_for_expired_elements_is_bounded()
    {
        using var model = new ElementModel();
        for (var i = 0; i < 50_000; i++) model.Set("e" + i, "v", 1000);
        Span<Element> expired = stackalloc Element[1000];
        Assert.True(ElementExpiry.Find(model.Table, 5000, expired, out var count));
        Assert.InRange(count, 1, 1000);
        foreach (var element in expired[..count]) model.Remove(ElementModel.Text(element.Name));
        model.Verify();
    }

    [Fact]
    public void A_duplicate_has_the_same_elements_and_no_block_in_common()
    {
        foreach (var mask in Masks)
        {
            using var model = new ElementModel(mask);
            var random = new Random(4);
            for (var i = 0; i < 5000; i++) model.Change(random, 2000);
            var heap = new NativeHeap(1);
            var memory = new ValueMemory(heap, 0);
            var copy = ElementStorage.Duplicate(memory, model.Table);
            var expected = new Dictionary<string, (string Value, long ExpiresAt)>(model.Model);
            Assert.InRange(ElementStorage.AllocatedBytes(copy) / (double)heap.UsedBytes, mask == ulong.MaxValue ? 0.98 : 0.9, 1.05);
            for (var i = 0; i < 5000; i++) model.Change(random, 2000);
            model.Verify();
            Assert.Equal(expected, ElementModel.All(copy));
            foreach (var name in expected.Keys)
                Assert.True(ElementTable.Remove(memory, copy, ElementModel.Bytes(name)));
            ElementStorage.Free(memory, copy);
            Assert.Equal(0, heap.UsedBytes);
            heap.Dispose();
        }
    }

    [Fact]
    public void A_table_is_freed_step_by_step()
    {
        using var model = new ElementModel();
        model.Fill(100_000, i => new string('x', i % 1000 == 0 ? 5000 : 10));
        Assert.InRange(ElementStorage.AllocatedBytes(model.Table) / (double)model.Tables.Heap.UsedBytes, 0.98, 1.02);
        model.Delete();
        Assert.Equal(1, model.Freeing.PendingObjects);
        var steps = 0;
        var used = model.Tables.Heap.UsedBytes;
        while (model.Freeing.FreeSome())
        {
            steps++;
            Assert.InRange(used - model.Tables.Heap.UsedBytes, 1, 500_000);
            used = model.Tables.Heap.UsedBytes;
        }

        Assert.InRange(steps, 15, 60);
    }

    [Fact]
    public void Moving_brings_the_blocks_of_a_table_together()
    {
        using var model = new ElementModel();
        model.Fill(100_000, i => new string('x', i % 100 == 0 ? 800 : 10));
        for (var i = 0; i < 100_000; i++)
            if (i % 10 != 0) model.Remove("e" + i);
        var before = model.Tables.Heap.Usage.Active;
        for (var pass = 0; pass < 60; pass++)
        {
            var step = 0;
            var blocks = 0L;
            while (model.Tables.Heap.BeginEmptying(ref step, ref blocks))
            {
            }

            var mover = new BlockMover(model.Tables.Heap, ElementModel.Slot, long.MaxValue);
            ElementStorage.Relocate(ref mover, ref model.Root.Address);
            step = 0;
            while (model.Tables.Heap.EndEmptying(ref step))
            {
            }
        }

        Assert.InRange(model.Tables.Heap.Usage.Active, 1, before / 2);
        model.Verify();
    }

    private readonly struct Names : IElementReceiver
    {
        public Names()
        {
        }

        public HashSet<string> Met { get; } = [];

        public void Receive(in Element element) => Met.Add(ElementModel.Text(element.Name));
    }
}
