using System.Text;
using Starling.Slots.Keyspace;

namespace Starling.Slots.Tests;

public sealed class SnapshotTests
{
    [Fact]
    public void A_snapshot_gets_each_key_once_as_it_was_whatever_is_written_meanwhile() =>
        Operations.Check(40, 400, operations =>
        {
            using var model = new DatabaseModel(5);
            var keys = operations.Length % 2 == 0 ? 150 : 1200;
            var third = operations.Length / 3;
            foreach (var operation in operations.Take(third)) model.Run(operation, keys);
            if (operations.Length % 2 == 1) Fill(model, keys);

            var sink = new Sink();
            var expected = Copy(model);
            Snapshot snapshot;
            using (model.Keyspace.LockAll()) snapshot = model.Keyspace.StartSnapshot(sink);
            var more = true;
            foreach (var operation in operations.Skip(third))
            {
                model.Run(operation, keys);
                if (operation % 7 == 0 && more) more = snapshot.Advance();
            }

            while (more) more = snapshot.Advance();
            snapshot.Dispose();
            sink.AssertHas(expected);
            model.Verify();
        });

    [Fact]
    public void A_snapshot_given_up_leaves_the_next_one_whole() =>
        Operations.Check(30, 200, operations =>
        {
            using var model = new DatabaseModel(6);
            foreach (var operation in operations) model.Run(operation, 150);
            Snapshot first;
            using (model.Keyspace.LockAll()) first = model.Keyspace.StartSnapshot(new Sink());
            foreach (var operation in operations.Take(operations.Length / 2)) model.Run(operation + 1, 150);
            first.Advance();
            first.Dispose();
            Assert.False(first.Advance());

            var sink = new Sink();
            var expected = Copy(model);
            Snapshot second;
            using (model.Keyspace.LockAll()) second = model.Keyspace.StartSnapshot(sink);
            foreach (var operation in operations.Skip(operations.Length / 2)) model.Run(operation + 2, 150);
            while (second.Advance())
            {
            }

            second.Dispose();
            sink.AssertHas(expected);
            model.Verify();
        });

    [Fact]
    public void A_writer_saves_some_entries_of_a_large_slot_not_all()
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions { HashSeed = 1 });
        for (var i = 0; i < 20_000; i++)
            keyspace[0].SetString(keyspace.Key(Encoding.ASCII.GetBytes("{big}" + i)), "v"u8, Entry.NoExpiry, 0);
        var sink = new Sink();
        Snapshot snapshot;
        using (keyspace.LockAll()) snapshot = keyspace.StartSnapshot(sink);
        using (snapshot)
        {
            keyspace[0].SetString(keyspace.Key("{big}1"u8), "w"u8, Entry.NoExpiry, 0);
            Assert.InRange(sink.Saved.Count, 1, 40);
        }
    }

    [Fact]
    public void What_a_cleared_database_leaves_to_a_snapshot_is_freed_with_it()
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions { HashSeed = 1 });
        for (var i = 0; i < 1000; i++)
            keyspace[0].SetString(keyspace.Key(Encoding.ASCII.GetBytes("k" + i)), "v"u8, Entry.NoExpiry, 0);
        var sink = new Sink();
        Snapshot snapshot;
        using (keyspace.LockAll())
        {
            snapshot = keyspace.StartSnapshot(sink);
            keyspace[0].Clear();
            keyspace[0].SetString(keyspace.Key("k1"u8), "new"u8, Entry.NoExpiry, 0);
        }

        Assert.True(keyspace.UsedBytes > 50_000);
        while (snapshot.Advance())
        {
        }

        Assert.Equal(1000, sink.Saved.Count);
        snapshot.Dispose();
        Assert.Equal(1, keyspace[0].Count);
        Assert.InRange(keyspace.UsedBytes, 1, 10_000);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_saver_loses_no_key_when_the_slot_in_which_it_stands_is_emptied(bool atOnce)
    {
        const int keys = 5000;
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions { HashSeed = 1 });
        string[] tags = HashSlot.Of("a"u8) < HashSlot.Of("b"u8) ? ["{a}", "{b}"] : ["{b}", "{a}"];
        foreach (var tag in tags)
        {
            for (var i = 0; i < keys; i++)
                keyspace[0].SetString(keyspace.Key(DatabaseModel.Bytes(tag + i)), "v"u8, Entry.NoExpiry, 0);
        }

        var sink = new Sink();
        Snapshot snapshot;
        using (keyspace.LockAll()) snapshot = keyspace.StartSnapshot(sink);
        using (snapshot)
        {
            // The saver stands in the middle of the first slot.
            for (var i = 0; i < 20; i++) Assert.True(snapshot.Advance());
            Assert.InRange(sink.Saved.Count, 1, keys - 1);
            if (atOnce) keyspace[0].ClearSlot(HashSlot.Of(DatabaseModel.Bytes(tags[0])));
            else
                for (var i = 0; i < keys; i++)
                    Assert.True(keyspace[0].Remove(keyspace.Key(DatabaseModel.Bytes(tags[0] + i))));
            while (snapshot.Advance())
            {
            }

            Assert.Equal(2 * keys, sink.Saved.Count);
        }
    }

    private static void Fill(DatabaseModel model, int keys)
    {
        for (var i = 0u; i < keys; i++)
        {
            var name = DatabaseModel.KeyName(i, keys);
            model.Keyspace[0].SetString(model.Keyspace.Key(DatabaseModel.Bytes(name)), "fill"u8, Entry.NoExpiry, 0);
            model.Model[0][name] = new DatabaseModel.Value("fill"u8.ToArray(), Entry.NoExpiry, false, 0);
        }
    }

    private static Dictionary<(int, string), DatabaseModel.Value> Copy(DatabaseModel model)
    {
        var copy = new Dictionary<(int, string), DatabaseModel.Value>();
        for (var i = 0; i < DatabaseModel.Databases; i++)
            foreach (var (name, value) in model.Model[i]) copy[(i, name)] = value;
        return copy;
    }

    private sealed class Sink : ISnapshotSink
    {
        public Dictionary<(int Database, string Key), DatabaseModel.Value> Saved { get; } = [];

        public void Save(int database, Entry entry)
        {
            var value = new DatabaseModel.Value(
                entry.String.ToArray(), entry.ExpiresAt, entry.IsRawString, entry.AccessClock);
            lock (Saved) Assert.True(Saved.TryAdd((database, Encoding.ASCII.GetString(entry.Key)), value));
        }

        public void AssertHas(Dictionary<(int, string), DatabaseModel.Value> expected)
        {
            Assert.Equal(expected.Count, Saved.Count);
            foreach (var (key, value) in expected)
            {
                Assert.True(Saved.TryGetValue(key, out var saved));
                Assert.True(value.Bytes.AsSpan().SequenceEqual(saved.Bytes));
                Assert.Equal(value.ExpiresAt, saved.ExpiresAt);
                Assert.Equal(value.Raw, saved.Raw);
            }
        }
    }
}
