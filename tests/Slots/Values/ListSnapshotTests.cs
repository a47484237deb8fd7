using Starling.Slots.Keyspace;
using Starling.Slots.Values;

namespace Starling.Slots.Tests.Values;

public sealed class ListSnapshotTests
{
    [Theory]
    [InlineData(2, 0)]
    [InlineData(5, 30)]
    [InlineData(-1, 0)]
    public void Every_snapshot_gets_the_lists_of_its_start_under_every_interleaving(int listpackSize, long largeFrom) =>
        Operations.Check(25, 500, operations =>
        {
            var options = new ValueOptions { ListMaxListpackSize = listpackSize, ListPackedThreshold = largeFrom };
            using var model = new Model(options);
            model.Fill("{l}a", 400);
            if (operations.Length % 2 == 0) model.Fill("{l}b", 300);
            var running = new List<(Snapshot Snapshot, SavedLists Saved, Dictionary<string, List<string>> Expected)>();
            foreach (var operation in operations)
            {
                var random = new Random((int)(operation >> 4));
                switch (operation % 16)
                {
                    case 0 when running.Count < 3:
                        running.Add((model.Start(), new SavedLists(), model.Copy()));
                        break;
                    case 1 when running.Count > 0:
                        var some = running[random.Next(running.Count)].Snapshot;
                        for (var i = random.Next(6); i > 0; i--) some.Advance();
                        break;
                    case 2 when running.Count > 0:
                        var (snapshot, saved, _) = running[random.Next(running.Count)];
                        snapshot.Deliver(saved);
                        break;
                    case 3 when running.Count > 0 && random.Next(3) == 0:
                        Finish(running[0]);
                        running.RemoveAt(0);
                        break;
                    case 3 when running.Count > 0 && random.Next(6) == 0:
                        running[^1].Snapshot.Dispose();
                        running.RemoveAt(running.Count - 1);
                        break;
                    case 4:
                        model.Keyspace.Freeing.FreeSome();
                        break;
                    default:
                        model.Change(random);
                        break;
                }
            }

            foreach (var each in running) Finish(each);
            model.Verify();
            model.DeleteAll();
        });

    [Fact]
    public void A_writer_copies_the_nodes_of_a_large_list_that_it_touches_and_frees_nothing()
    {
        using var model = new Model(ValueOptions.Default);
        model.Fill("l", 100_000);
        var expected = model.Copy();
        var before = model.Keyspace.UsedBytes;
        var snapshot = model.Start();
        model.Edit("l", list => list.Set(50_000, "changed"u8));
        model.Edit("l", list => list.Push("first"u8, atHead: true));
        model.Edit("l", list => list.Push("last"u8, atHead: false));
        model.Edit("l", list => list.Remove(20_000, 1));
        Assert.InRange(model.Keyspace.UsedBytes - before, 10_000, 70_000);
        model.Edit("l", list => list.Set(50_000, "again"u8));
        Assert.InRange(model.Keyspace.UsedBytes - before, 10_000, 70_000);
        model.Keyspace[0].Remove(model.Keyspace.Key("l"u8));
        Assert.InRange(model.Keyspace.UsedBytes - before, 10_000, 70_000);
        Assert.False(model.Keyspace.Freeing.FreeSome());
        var saved = new SavedLists();
        Finish((snapshot, saved, expected));
        Assert.InRange(saved.LongestPiece, 1, 64 << 10);
        model.DeleteAll();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_large_list_that_shrinks_to_one_listpack_stays_whole_for_its_snapshot(bool isDeleted)
    {
        using var model = new Model(new ValueOptions { ListMaxListpackSize = 4 });
        model.Fill("l", 400);
        model.Edit("l", list => list.Remove(2, 2));
        var expected = new Dictionary<string, List<string>> { ["l"] = SavedLists.Read(model.Keyspace, "l") };
        var snapshot = model.Start();

        // The first node, which no change has touched, is all that is left.
        model.Edit("l", list => list.Remove(2, 396));
        model.Edit("l", list => list.Push("more"u8, atHead: true));
        Assert.Equal(3, SavedLists.Read(model.Keyspace, "l").Count);
        if (isDeleted) Assert.True(model.Keyspace[0].Remove(model.Keyspace.Key("l"u8)));
        Finish((snapshot, new SavedLists(), expected));
        model.DeleteAll();
    }

    [Fact]
    public void A_large_list_is_freed_step_by_step()
    {
        using var model = new Model(new ValueOptions { ListMaxListpackSize = 1 });
        model.Fill("l", 20_000);
        Assert.True(model.Keyspace[0].Remove(model.Keyspace.Key("l"u8)));
        Assert.Equal(1, model.Keyspace.Freeing.PendingObjects);
        var steps = 0;
        var used = model.Keyspace.UsedBytes;
        while (model.Keyspace.Freeing.FreeSome())
        {
            steps++;
            Assert.InRange(used - model.Keyspace.UsedBytes, 1, 100_000);
            used = model.Keyspace.UsedBytes;
        }

        Assert.InRange(steps, 50, 200);
        model.DeleteAll();
    }

    private static void Finish((Snapshot Snapshot, SavedLists Saved, Dictionary<string, List<string>> Expected) running)
    {
        while (running.Snapshot.Advance())
        {
        }

        running.Snapshot.Deliver(running.Saved);
        running.Snapshot.Dispose();
        Assert.Equal(running.Expected.Count, running.Saved.Count);
        foreach (var (name, elements) in running.Expected) Assert.Equal(elements, running.Saved.Elements(name));
    }

    private sealed class Model : IDisposable
    {
        private static readonly string[] Names = ["{l}a", "{l}b", "c"];
        private readonly Dictionary<string, List<string>> _lists = [];

        public Model(ValueOptions options) => Keyspace.ValueOptions = options;

        public Keyspace.Keyspace Keyspace { get; } = new(new KeyspaceOptions { Databases = 1, HashSeed = 3 });

        public delegate void Edition(ListValue list);

        public Snapshot Start()
        {
            using (Keyspace.LockAll()) return Keyspace.StartSnapshot();
        }

        public Dictionary<string, List<string>> Copy() => _lists.ToDictionary(pair => pair.Key, pair => pair.Value.ToList());

        public void Fill(string name, int count)
        {
            for (var i = 0; i < count; i++)
            {
                var element = i % 5 == 0 ? $"{i}" : $"element {i}";
                Edit(name, list => list.Push(DatabaseModel.Bytes(element), atHead: false));
                Of(name).Add(element);
            }
        }

        public void Edit(string name, Edition edit)
        {
            var key = Keyspace.Key(DatabaseModel.Bytes(name));
            using var scope = Keyspace.LockSlot(key.Slot);
            Keyspace[0].TryFind(key, out var entry);
            edit(Keyspace[0].Open<ListValue>(key, entry, 0));
        }

        public void Change(Random random)
        {
            var name = Names[random.Next(Names.Length)];
            var list = Of(name);
            var element = random.Next(10) == 0 ? new string('x', random.Next(3000)) : $"new {random.Next(20)}";
            var bytes = DatabaseModel.Bytes(element);
            var index = random.Next(list.Count + 1);
            switch (random.Next(10))
            {
                case < 3:
                    var atHead = random.Next(2) == 0;
                    Edit(name, value => value.Push(bytes, atHead));
                    list.Insert(atHead ? 0 : list.Count, element);
                    break;
                case 3 when list.Count > 0:
                    Edit(name, value => value.Insert(index, bytes));
                    list.Insert(index, element);
                    break;
                case 4 when index < list.Count:
                    Edit(name, value => value.Set(index, bytes));
                    list[index] = element;
                    break;
                case < 7 when index < list.Count:
                    var count = random.Next(1, Math.Min(60, list.Count - index) + 1);
                    Edit(name, value => value.Remove(index, count));
                    list.RemoveRange(index, count);
                    break;
                case 7 when list.Count > 0:
                    var equal = random.Next(2) == 0 ? list.Find(each => each.Length > 100) : null;
                    equal ??= list[random.Next(list.Count)];
                    RemoveEqual(name, equal, random.Next(1, 4), backward: random.Next(2) == 0);
                    break;
                case 8 when list.Count > 20 && random.Next(3) == 0:
                    var left = random.Next(1, 4);
                    Edit(name, value => value.Remove(left, list.Count - left));
                    list.RemoveRange(left, list.Count - left);
                    break;
                case 8 when random.Next(4) == 0:
                    Move(name, Names[random.Next(Names.Length)], random);
                    break;
                case 9 when random.Next(6) == 0:
                    Fill(name, 200);
                    break;
                case 9 when random.Next(6) == 0:
                    Clear(random);
                    break;
            }

            if (list.Count == 0) _lists.Remove(name);
        }

        public void Verify()
        {
            foreach (var name in Names) Assert.Equal(Of(name), SavedLists.Read(Keyspace, name));
        }

        public void DeleteAll()
        {
            using (Keyspace.LockAll()) Keyspace[0].Clear();
            while (Keyspace.Freeing.FreeSome())
            {
            }

            Assert.Equal(0, Keyspace.UsedBytes);
        }

        public void Dispose() => Keyspace.Dispose();

        private List<string> Of(string name)
        {
            if (!_lists.TryGetValue(name, out var list)) _lists[name] = list = [];
            return list;
        }

        private void RemoveEqual(string name, string element, int limit, bool backward)
        {
            Edit(name, value => value.RemoveEqual(new ListNeedle(DatabaseModel.Bytes(element)), limit, backward));
            var list = Of(name);
            for (; limit > 0; limit--)
            {
                var index = backward ? list.LastIndexOf(element) : list.IndexOf(element);
                if (index < 0) return;
                list.RemoveAt(index);
            }
        }

        private void Move(string name, string target, Random random)
        {
            var from = Keyspace.Key(DatabaseModel.Bytes(name));
            var to = Keyspace.Key(DatabaseModel.Bytes(target));
            if (random.Next(3) == 0)
            {
                Keyspace[0].SetExpiry(from, Entry.NoExpiry);
                Keyspace[0].SetExpiry(from, 1_000_000);
            }
            else if (random.Next(2) == 0)
            {
                if (Keyspace[0].Remove(from)) _lists.Remove(name);
            }
            else if (Keyspace[0].Move(from, Keyspace[0], to))
            {
                var list = _lists[name];
                _lists.Remove(name);
                _lists[target] = list;
            }
        }

        private void Clear(Random random)
        {
            if (random.Next(2) == 0)
            {
                Keyspace[0].ClearSlot(HashSlot.Of("l"u8));
                _lists.Remove("{l}a");
                _lists.Remove("{l}b");
                return;
            }

            using (Keyspace.LockAll()) Keyspace[0].Clear();
            _lists.Clear();
        }
    }
}
