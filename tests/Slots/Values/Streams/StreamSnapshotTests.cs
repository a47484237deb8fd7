using Starling.Slots.Keyspace;
using Starling.Slots.Values;
using Starling.Slots.Values.Streams;

namespace Starling.Slots.Tests.Values.Streams;

/// <summary>Snapshots of streams that are changed, deleted and renamed meanwhile.</summary>
public sealed class StreamSnapshotTests
{
    [Theory]
    [InlineData(4096, 100)]
    [InlineData(4096, 2)]
    public void Every_snapshot_gets_the_stream_of_its_start_under_every_interleaving(long nodeBytes, long nodeEntries) =>
        Operations.Check(25, 700, operations =>
        {
            using var model = new StreamModel(new ValueOptions { StreamNodeMaxBytes = nodeBytes, StreamNodeMaxEntries = nodeEntries });
            for (uint i = 0; i < 200; i++) model.Append("field", new string('x', 400));
            for (uint i = 0; i < 300; i++) model.Run(11 + (i * 2_654_435));
            var running = new List<(Snapshot Snapshot, SavedContent Saved, string Expected)>();
            foreach (var operation in operations)
            {
                var random = new Random((int)(operation >> 4));
                switch (operation % 16)
                {
                    case 0 when running.Count < 3:
                        running.Add((Start(model), new SavedContent(), model.Content()));
                        break;
                    case 1 when running.Count > 0:
                        for (var i = random.Next(6); i > 0; i--) running[random.Next(running.Count)].Snapshot.Advance();
                        break;
                    case 2 when running.Count > 0:
                        running[0].Snapshot.Deliver(running[0].Saved);
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
                        model.Run(operation);
                        break;
                }
            }

            model.Verify();
            foreach (var each in running) Finish(each);
            model.Verify();
            model.DeleteAll();
        });

    [Fact]
    public void A_deleted_stream_stays_whole_for_its_snapshot_and_is_freed_after_it()
    {
        using var model = new StreamModel(ValueOptions.Default);
        for (var i = 0; i < 5000; i++) model.Append("field", $"value {i}");
        for (uint i = 0; i < 400; i++) model.Run((i * 20) + 11 + (i % 4));
        var expected = model.Content();
        var snapshot = Start(model);
        model.Append("more", "x");
        Assert.True(model.Keyspace[0].Remove(model.Keyspace.Key("{s}"u8)));
        Finish((snapshot, new SavedContent(), expected));
        model.DeleteAll();
    }

    [Fact]
    public void A_large_stream_with_much_pending_is_freed_step_by_step()
    {
        using var model = new StreamModel(ValueOptions.Default);
        for (var i = 0; i < 60_000; i++) model.Append("field", $"value {i}");
        model.Edit(stream => stream.CreateGroup("g"u8, default, 0));
        model.Edit(stream => stream.CreateConsumer(0, "c"u8, 1));
        foreach (var id in model.Entries.Keys)
            model.Edit(stream => stream.Deliver(0, new StreamPending(id, 0, 1, 1)));
        Assert.True(model.Keyspace[0].Remove(model.Keyspace.Key("{s}"u8)));
        Assert.Equal(1, model.Keyspace.Freeing.PendingObjects);
        var used = model.Keyspace.UsedBytes;
        var most = 0L;
        while (model.Keyspace.Freeing.FreeSome())
        {
            most = Math.Max(most, used - model.Keyspace.UsedBytes);
            used = model.Keyspace.UsedBytes;
        }

        Assert.InRange(most, 1, 12 << 20);
        model.DeleteAll();
    }

    [Fact]
    public void A_copy_of_a_stream_is_equal_and_shares_nothing()
    {
        using var model = new StreamModel(ValueOptions.Default);
        for (var i = 0; i < 300; i++) model.Append("field", $"value {i}");
        for (uint i = 0; i < 400; i++) model.Run((i * 20) + 11 + (i % 4));
        var expected = model.Content();
        var from = model.Keyspace.Key("{s}"u8);
        var to = model.Keyspace.Key("{s}copy"u8);
        Assert.True(model.Keyspace[0].TryFind(from, out var entry));
        using (model.Keyspace.LockAll()) model.Keyspace[0].Copy(from, model.Keyspace[0], to);
        model.Append("more", "x");
        Assert.True(model.Keyspace[0].TryFind(to, out entry));
        Assert.Equal(expected, StreamModel.Describe(entry));
        StreamChecker.Check(entry);
        Assert.True(model.Keyspace[0].Remove(to));
        model.Verify();
        model.DeleteAll();
    }

    private static Snapshot Start(StreamModel model)
    {
        using (model.Keyspace.LockAll()) return model.Keyspace.StartSnapshot();
    }

    private static void Finish((Snapshot Snapshot, SavedContent Saved, string Expected) running)
    {
        while (running.Snapshot.Advance())
        {
        }

        running.Snapshot.Deliver(running.Saved);
        running.Snapshot.Dispose();
        Assert.Equal(running.Expected, running.Saved.Content);
    }

    /// <summary>The content of the one key of a snapshot.</summary>
    private sealed class SavedContent : ISnapshotOutput
    {
        private readonly ContentRecorder _content = new();
        private readonly MemoryStream _text = new();
        private long _missing;
        private int _entries;

        public string Content
        {
            get
            {
                Assert.Equal((1, 0L), (_entries, _missing));
                return _content.ToString();
            }
        }

        public void BeginEntry(int database, ReadOnlySpan<byte> key, long expiresAt, ContentForm form)
        {
            Assert.Equal(ContentForm.StreamNodes2, form);
            _entries++;
        }

        public void Number(ulong value) => _content.Number(value);

        public void Text(ReadOnlySpan<byte> text) => _content.Text(text);

        public void Raw(ReadOnlySpan<byte> bytes) => _content.Raw(bytes);

        public void BeginText(long length) => _missing = length;

        public void TextPart(ReadOnlySpan<byte> bytes)
        {
            _text.Write(bytes);
            _missing -= bytes.Length;
            if (_missing > 0) return;
            _content.Text(_text.ToArray());
            _text.SetLength(0);
        }
    }
}
