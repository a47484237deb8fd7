using Starling.Slots.Keyspace;

namespace Starling.Slots.Tests;

public sealed class SnapshotTests
{
    private const int Page = 64 << 10;

    [Fact]
    public void Every_snapshot_gets_the_data_of_its_start_under_every_interleaving() =>
        Operations.Check(60, 400, operations =>
        {
            using var model = new DatabaseModel(5);
            var keys = operations.Length % 2 == 0 ? 150 : 1200;
            if (operations.Length % 3 != 0) Fill(model, keys);
            var running = new List<RunningSnapshot>();
            var defragmenter = new Defragmenter(model.Keyspace);
            foreach (var operation in operations)
            {
                var choice = operation >> 8;
                defragmenter.Begin();
                for (var i = 0; i < choice % 50 && defragmenter.Advance();) i++;
                switch (operation % 8)
                {
                    case 0 when choice % 8 == 0 && running.Count < 4:
                        running.Add(new RunningSnapshot(model, choice % 3 == 0 ? 2 : 1));
                        break;
                    case 1 when running.Count > 0:
                        var some = running[(int)(choice % running.Count)];
                        for (var i = 0; i < choice % 20; i++) some.Advance();
                        break;
                    case 2 when running.Count > 0 && choice % 4 == 0:
                        running[(int)(choice % running.Count)].Deliver();
                        break;
                    case 3 when running.Count > 0 && choice % 16 == 0:
                        running[0].Finish();
                        running.RemoveAt(0);
                        break;
                    case 3 when running.Count > 0 && choice % 16 == 1:
                        running[^1].Abandon();
                        running.RemoveAt(running.Count - 1);
                        break;
                    case 4 when choice % 4 == 0:
                        model.Keyspace.Freeing.FreeSome();
                        break;
                    case 5:
                        model.RunOnLongString(choice);
                        break;
                    default:
                        model.Run(choice, keys);
                        break;
                }
            }

            foreach (var snapshot in running) snapshot.Finish();
            model.Verify();
            AssertOnlyDataIsLeft(model.Keyspace);
        });

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_saver_loses_no_key_when_the_slot_in_which_it_stands_is_emptied(bool atOnce)
    {
        const int keys = 5000;
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions { HashSeed = 1 });
        string[] tags = HashSlot.Of("a"u8) < HashSlot.Of("b"u8) ? ["{a}", "{b}"] : ["{b}", "{a}"];
        foreach (var tag in tags)
            for (var i = 0; i < keys; i++) Set(keyspace, tag + i, "v"u8);

        var saved = new SavedKeys();
        using var snapshot = Start(keyspace);

        // The saver stands in the middle of the first slot.
        for (var i = 0; i < 20; i++) Assert.True(snapshot.Advance());
        snapshot.Deliver(saved);
        Assert.InRange(saved.Keys.Count, 1, keys - 1);
        if (atOnce) keyspace[0].ClearSlot(HashSlot.Of(DatabaseModel.Bytes(tags[0])));
        else
            for (var i = 0; i < keys; i++) Assert.True(keyspace[0].Remove(Key(keyspace, tags[0] + i)));
        RunToEnd(snapshot, saved);
        Assert.Equal(2 * keys, saved.Keys.Count);
    }

    [Fact]
    public void A_writer_saves_some_entries_of_a_large_slot_not_all()
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions { HashSeed = 1 });
        for (var i = 0; i < 20_000; i++) Set(keyspace, "{big}" + i, "v"u8);
        var saved = new SavedKeys();
        using var snapshot = Start(keyspace);
        Set(keyspace, "{big}1", "w"u8);
        Assert.InRange(snapshot.BufferedBytes, 1, 10_000);
        RunToEnd(snapshot, saved);
        Assert.Equal(20_000, saved.Keys.Count);
        Assert.Equal("v"u8, saved.Keys[(0, "{big}1")].Bytes);
    }

    [Fact]
    public void Clearing_a_slot_or_a_database_saves_and_frees_nothing_at_once()
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions { HashSeed = 1 });
        for (var i = 0; i < 20_000; i++) Set(keyspace, "{big}" + i, "v"u8);
        for (var i = 0; i < 1000; i++) Set(keyspace, "k" + i, "v"u8);
        var saved = new SavedKeys();
        using var snapshot = Start(keyspace);
        var before = keyspace.UsedBytes;
        Assert.Equal(20_000, keyspace[0].ClearSlot(HashSlot.Of("big"u8)));
        keyspace[0].Clear();
        Set(keyspace, "k1", "new"u8);
        Assert.Equal(0, snapshot.BufferedBytes);
        Assert.True(keyspace.UsedBytes >= before);
        Assert.False(keyspace.Freeing.FreeSome());

        RunToEnd(snapshot, saved);
        Assert.Equal(21_000, saved.Keys.Count);
        Assert.Equal(1, keyspace[0].Count);
        AssertOnlyDataIsLeft(keyspace);
    }

    [Fact]
    public void What_the_output_did_not_take_is_freed_with_its_snapshot()
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions { HashSeed = 1 });
        for (var i = 0; i < 3000; i++) Set(keyspace, "k" + i, new byte[i % 50 == 0 ? 3 * Page : 20]);
        var snapshot = Start(keyspace);
        for (var i = 0; i < 1000; i++) snapshot.Advance();
        for (var i = 0; i < 3000; i++) keyspace[0].Remove(Key(keyspace, "k" + i));
        Assert.True(keyspace.UsedBytes > 60 * 3 * Page);
        snapshot.Dispose();
        Assert.False(snapshot.Advance());
        Assert.Equal(0, keyspace[0].Count);
        AssertOnlyDataIsLeft(keyspace);
    }

    [Fact]
    public void A_writer_saves_the_pages_of_a_long_string_that_it_touches_and_no_others()
    {
        const int pages = 200;
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions { HashSeed = 1 });
        var value = new byte[pages * Page];
        new Random(1).NextBytes(value);
        Set(keyspace, "long", value);
        var saved = new SavedKeys();
        using var snapshot = Start(keyspace);
        var length = value.Length;
        void Write(int from, int count)
        {
            length = Math.Max(length, from + count);
            var bytes = keyspace[0].ResizeString(Key(keyspace, "long"), length, from, count, raw: true);
            bytes.Slice(from, count).Fill(0xAA);
        }

        Write(value.Length, 500_000);
        Assert.InRange(snapshot.BufferedBytes, 0, 12_000);
        Write(5 * Page, Page);
        Assert.InRange(snapshot.BufferedBytes, Page, Page + 12_000);
        Write((7 * Page) - 1, 2);
        Assert.InRange(snapshot.BufferedBytes, 3 * Page, (3 * Page) + 12_000);
        Write(5 * Page, 10);
        Assert.InRange(snapshot.BufferedBytes, 3 * Page, (3 * Page) + 12_000);
        RunToEnd(snapshot, saved);
        Assert.True(value.AsSpan().SequenceEqual(saved.Keys[(0, "long")].Bytes));
        Assert.Equal(Page, saved.LongestPart);
    }

    [Theory]
    [InlineData("delete")]
    [InlineData("set")]
    [InlineData("expire")]
    [InlineData("rename")]
    [InlineData("move")]
    [InlineData("clear slot")]
    [InlineData("flush")]
    public void A_long_string_that_goes_away_is_kept_for_its_snapshots_without_a_copy(string way)
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions { HashSeed = 1 });
        var value = new byte[100 * Page];
        new Random(2).NextBytes(value);
        Set(keyspace, "long", value);
        var saved = new[] { new SavedKeys(), new SavedKeys() };
        using var first = Start(keyspace);
        using var second = Start(keyspace);
        Action change = way switch
        {
            "delete" => () => keyspace[0].Remove(Key(keyspace, "long")),
            "set" => () => Set(keyspace, "long", new byte[value.Length]),
            "expire" => () => keyspace[0].SetExpiry(Key(keyspace, "long"), 1000),
            "rename" => () => keyspace[0].Move(Key(keyspace, "long"), keyspace[0], Key(keyspace, "other")),
            "move" => () => keyspace[0].Move(Key(keyspace, "long"), keyspace[1], Key(keyspace, "long")),
            "clear slot" => () => keyspace[0].ClearSlot(HashSlot.Of("long"u8)),
            _ => () => keyspace[0].Clear(),
        };
        change();
        Assert.InRange(first.BufferedBytes + second.BufferedBytes, 0, 20_000);
        if (way == "rename")
        {
            var other = Key(keyspace, "other");
            keyspace[0].ResizeString(other, value.Length, 0, 3, raw: true)[..3].Clear();
            Assert.True(keyspace[0].Remove(other));
        }

        RunToEnd(first, saved[0]);
        RunToEnd(second, saved[1]);
        foreach (var keys in saved) Assert.True(value.AsSpan().SequenceEqual(Assert.Single(keys.Keys).Value.Bytes));
        first.Dispose();
        second.Dispose();
        AssertOnlyDataIsLeft(keyspace);
    }

    [Fact]
    public void A_snapshot_of_some_slots_costs_writers_of_other_slots_nothing()
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions { HashSeed = 1 });
        for (var i = 0; i < 1000; i++)
        {
            Set(keyspace, "{a}" + i, "v"u8);
            Set(keyspace, "{b}" + i, "v"u8);
        }

        Snapshot snapshot;
        using (keyspace.LockAll()) snapshot = keyspace.StartSnapshot([HashSlot.Of("a"u8)]);
        using (snapshot)
        {
            for (var i = 0; i < 1000; i++) Set(keyspace, "{b}" + i, "w"u8);
            Assert.Equal(0, snapshot.BufferedBytes);
            Set(keyspace, "{a}0", "w"u8);
            Assert.NotEqual(0, snapshot.BufferedBytes);
            var saved = new SavedKeys();
            RunToEnd(snapshot, saved);
            Assert.Equal(1000, saved.Keys.Count);
            Assert.All(saved.Keys, pair => Assert.StartsWith("{a}", pair.Key.Key, StringComparison.Ordinal));
        }
    }

    private static void Fill(DatabaseModel model, int keys)
    {
        for (var i = 0u; i < keys; i++)
        {
            var name = DatabaseModel.KeyName(i, keys);
            var value = i % 100 == 7 ? new byte[150_000] : "fill"u8.ToArray();
            model.Keyspace[0].SetString(model.Keyspace.Key(DatabaseModel.Bytes(name)), value, Entry.NoExpiry, 0);
            model.Model[0][name] = new DatabaseModel.Value(value, Entry.NoExpiry, false, 0);
        }
    }

    private static Snapshot Start(Keyspace.Keyspace keyspace)
    {
        using (keyspace.LockAll()) return keyspace.StartSnapshot();
    }

    private static void RunToEnd(Snapshot snapshot, SavedKeys saved)
    {
        while (snapshot.Advance())
        {
        }

        snapshot.Deliver(saved);
        snapshot.Dispose();
    }

    private static void Set(Keyspace.Keyspace keyspace, string name, ReadOnlySpan<byte> value) =>
        keyspace[0].SetString(Key(keyspace, name), value, Entry.NoExpiry, 0);

    private static Key Key(Keyspace.Keyspace keyspace, string name) => keyspace.Key(DatabaseModel.Bytes(name));

    /// <summary>Frees what waits; then only the databases hold memory.</summary>
    private static void AssertOnlyDataIsLeft(Keyspace.Keyspace keyspace)
    {
        while (keyspace.Freeing.FreeSome())
        {
        }

        var data = 0L;
        for (var i = 0; i < keyspace.DatabaseCount; i++)
        {
            using var scope = keyspace.LockAll();
            data += keyspace[i].UsedBytes;
            if (keyspace[i].Count == 0) Assert.InRange(keyspace[i].UsedBytes, 0, 256 * 5000);
        }

        Assert.Equal(data, keyspace.UsedBytes);
        Assert.Equal(0, keyspace.Freeing.PendingObjects);
    }
}
