using System.Globalization;
using System.Text;
using Starling.Slots.Keyspace;
using Starling.Slots.Values;
using Starling.Slots.Values.Hashes;
using Starling.Slots.Values.Sets;
using Starling.Slots.Values.SortedSets;
using Starling.Slots.Values.Streams;
using Xunit.Abstractions;

namespace Starling.Slots.Tests;

/// <summary>
/// What a single step of a writer copies on behalf of a snapshot, counted in bytes: time says little on a machine that others use. A
/// mebibyte is some 0.1 to 0.3 ms; what a step is to take is 1 ms at most.
/// </summary>
public sealed class SnapshotWorkTests(ITestOutputHelper output) : IDisposable
{
    private const int Elements = 10_000_000; // of the list; the other collections have a tenth
    private const int Others = Elements / 10;
    private const int StringBytes = 512 << 20;
    private const int SmallKeys = 100_000;
    private const int Consumers = 1000;
    private const int Pages = 500;
    private const int Steps = 1000; // of each kind
    private const long MostBytes = 160 << 10;

    /// <summary>
    /// Where values just too short for pages crowd one slot: a part of its table is some eight entries, up to 30 by chance.
    /// </summary>
    private const long MostOfCrowd = 2 << 20;

    private readonly Slots.Keyspace.Keyspace _keyspace = new(new KeyspaceOptions { Databases = 1, HashSeed = 5 });
    private readonly Random _random = new(11);

    private delegate void Edition<TValue>(TValue value)
        where TValue : IValue<TValue>, allows ref struct;

    [Fact]
    public void A_writer_copies_a_bounded_part_of_whatever_it_touches()
    {
        Fill();
        Snapshot snapshot;
        using (_keyspace.LockAll()) snapshot = _keyspace.StartSnapshot();
        foreach (var (kind, step, most) in Writers()) Check(kind, step, Steps, most);

        // And in the middle of it, when the views have been read in part.
        for (var i = 0; i < 2000 && snapshot.Advance(); i++)
            if (snapshot.WaitingBytes > MostOfCrowd) snapshot.Deliver(new Nothing());
        foreach (var (kind, step, most) in Writers()) Check(kind + ", behind the saver", step, Steps, most);
        snapshot.Dispose();
    }

    [Fact]
    public void A_saver_saves_a_bounded_part_in_each_step()
    {
        Fill();
        Snapshot snapshot;
        using (_keyspace.LockAll()) snapshot = _keyspace.StartSnapshot();
        long most = 0;
        var output = new Nothing();
        for (var more = true; more;)
        {
            var before = snapshot.BufferedBytes;
            more = snapshot.Advance();
            most = Math.Max(most, snapshot.BufferedBytes - before);
            if (snapshot.WaitingBytes > MostOfCrowd) snapshot.Deliver(output);
        }

        snapshot.Deliver(output);
        snapshot.Dispose();
        Assert.InRange(most, 1, MostOfCrowd);
        Assert.InRange(output.LongestPiece, 1, MostBytes);
    }

    [Fact]
    public void Deleting_and_replacing_what_is_large_copies_nothing()
    {
        Fill();
        Snapshot snapshot;
        using (_keyspace.LockAll()) snapshot = _keyspace.StartSnapshot();
        foreach (var name in (string[])["{l}", "{h}", "{s}"]) Check("delete " + name, () => Remove(name), 1, MostBytes);
        foreach (var name in (string[])["{z}", "{x}", "{t}"]) Check("replace " + name, () => Replace(name), 1, MostBytes);
        snapshot.Dispose();
    }

    public void Dispose() => _keyspace.Dispose();

    private (string Kind, Action Step, long MostBytes)[] Writers() =>
    [
        ("list", ChangeList, MostBytes), ("string", ChangeString, MostBytes), ("hash", ChangeHash, MostBytes), ("set", ChangeSet, MostBytes),
        ("sorted set", ChangeSortedSet, MostBytes), ("stream", ChangeStream, MostBytes), ("small keys", ChangeSmallKey, MostBytes),
        ("values of almost a page", () => Replace(Page(_random.Next(Pages))), MostOfCrowd),
    ];

    private void ChangeList() => Edit<ListValue>("{l}", list =>
    {
        var index = _random.NextInt64(list.Count);
        switch (_random.Next(4))
        {
            case 0:
                list.Set(index, "changed"u8);
                break;
            case 1:
                list.Insert(index, "inserted"u8);
                break;
            case 2:
                list.Remove(index, 1);
                break;
            default:
                list.Push("pushed"u8, _random.Next(2) == 0);
                break;
        }
    });

    private void ChangeString()
    {
        var key = Key("{t}");
        using var scope = _keyspace.LockSlot(key.Slot);
        var from = _random.Next(StringBytes - 100);
        _keyspace[0].ResizeString(key, StringBytes, from, 100, raw: true).Slice(from, 100).Fill(1);
    }

    private void ChangeHash() => Edit<HashValue>("{h}", hash =>
    {
        if (_random.Next(3) == 0) hash.Remove(Bytes(_random.Next(Others)));
        else hash.Set(Bytes(_random.Next(2 * Others)), "another value"u8);
    });

    private void ChangeSet() => Edit<SetValue>("{s}", set =>
    {
        if (_random.Next(2) == 0) set.Remove(Bytes(_random.Next(Others)));
        else set.Add(Bytes(_random.Next(2 * Others)));
    });

    private void ChangeSortedSet() => Edit<SortedSetValue>("{z}", set =>
    {
        if (_random.Next(3) == 0) set.Remove(Bytes(_random.Next(Others)));
        else set.Change(Bytes(_random.Next(2 * Others)), _random.Next(), default, out _);
    });

    private void ChangeStream() => Edit<StreamValue>("{x}", stream =>
    {
        if (_random.Next(2) == 0) stream.Delete(new StreamId((ulong)_random.Next(1, Others), 0));
        else stream.Deliver(0, new StreamPending(new StreamId((ulong)_random.Next(1, Others), 1), _random.Next(Consumers), 1, 1));
    });

    private void ChangeSmallKey()
    {
        var name = Name(_random.Next(2 * SmallKeys));
        if (_random.Next(3) != 0) Replace(name);
        else Remove(name);
    }

    private void Replace(string name)
    {
        var key = Key(name);
        using var scope = _keyspace.LockSlot(key.Slot);
        _keyspace[0].SetString(key, "another value"u8, Entry.NoExpiry, 0);
    }

    private void Remove(string name)
    {
        var key = Key(name);
        using var scope = _keyspace.LockSlot(key.Slot);
        _keyspace[0].Remove(key, lazily: true);
    }

    private void Check(string kind, Action step, int steps, long limit)
    {
        long most = 0, sum = 0;
        for (var i = 0; i < steps; i++)
        {
            var before = _keyspace.UsedBytes; // snapshots' copies included
            step();
            var bytes = Math.Max(0, _keyspace.UsedBytes - before);
            most = Math.Max(most, bytes);
            sum += bytes;
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{kind}: at most {most} bytes in a step, {sum / steps} on average"));
        Assert.InRange(most, 0, limit);
    }

    private void Fill()
    {
        Edit<ListValue>("{l}", list =>
        {
            for (var i = 0; i < Elements; i++) list.Push(Bytes(i), atHead: false);
        });
        Edit<HashValue>("{h}", hash =>
        {
            for (var i = 0; i < Others; i++) hash.Set(Bytes(i), "the value of a field"u8);
        });
        Edit<SetValue>("{s}", set =>
        {
            for (var i = 0; i < Others; i++) set.Add(Bytes(i));
        });
        Edit<SortedSetValue>("{z}", set =>
        {
            for (var i = 0; i < Others; i++) set.Change(Bytes(i), i * 7, default, out _);
        });
        FillStream();
        var text = Key("{t}");
        using (_keyspace.LockSlot(text.Slot)) _keyspace[0].MakeRawString(text, StringBytes, 0);
        for (var i = 0; i < SmallKeys; i++)
        {
            var key = Key(Name(i));
            using var scope = _keyspace.LockSlot(key.Slot);
            _keyspace[0].SetString(key, "a value of some bytes"u8, Entry.NoExpiry, 0);
        }

        for (var i = 0; i < Pages; i++)
        {
            var key = Key(Page(i));
            using var scope = _keyspace.LockSlot(key.Slot);
            _keyspace[0].SetString(key, new byte[60_000], Entry.NoExpiry, 0);
        }
    }

    private void FillStream() => Edit<StreamValue>("{x}", stream =>
    {
        stream.Create();
        for (var i = 1; i <= Others; i++) stream.Append(new StreamId((ulong)i, 0), default(OneField));
        stream.CreateGroup("group"u8, new StreamId(0, 0), 0);
        for (var i = 0; i < Consumers; i++) stream.CreateConsumer(0, Bytes(i), 1);
        for (var i = 1; i <= Others; i += 3) stream.Deliver(0, new StreamPending(new StreamId((ulong)i, 1), i % Consumers, 1, 1));
    });

    private void Edit<TValue>(string name, Edition<TValue> edit)
        where TValue : IValue<TValue>, allows ref struct
    {
        var key = Key(name);
        using var scope = _keyspace.LockSlot(key.Slot);
        _keyspace[0].TryFind(key, out var entry);
        edit(_keyspace[0].Open<TValue>(key, entry, 0));
    }

    private Key Key(string name) => _keyspace.Key(Encoding.ASCII.GetBytes(name));

    private static string Name(int number) => string.Create(CultureInfo.InvariantCulture, $"key:{number}");

    private static string Page(int number) => string.Create(CultureInfo.InvariantCulture, $"{{p}}{number}");

    private static byte[] Bytes(int number) => Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"element:{number}"));

    private readonly struct OneField : IStreamElements
    {
        public int Count => 2;

        public ReadOnlySpan<byte> this[int index] => index == 0 ? "field"u8 : "a value of some bytes"u8;
    }

    /// <summary>Takes what is saved and keeps nothing of it.</summary>
    private sealed class Nothing : ISnapshotOutput
    {
        public int LongestPiece { get; private set; }

        public void BeginEntry(int database, ReadOnlySpan<byte> key, long expiresAt, ContentForm form) => Note(key);

        public void Number(ulong value)
        {
        }

        public void Text(ReadOnlySpan<byte> text) => Note(text);

        public void Raw(ReadOnlySpan<byte> bytes) => Note(bytes);

        public void BeginText(long length)
        {
        }

        public void TextPart(ReadOnlySpan<byte> bytes) => Note(bytes);

        private void Note(ReadOnlySpan<byte> bytes) => LongestPiece = Math.Max(LongestPiece, bytes.Length);
    }
}
