using System.Globalization;
using System.Text;
using Starling.Slots.Keyspace;
using Starling.Slots.Values;
using Starling.Slots.Values.Streams;

namespace Starling.Slots.Tests.Values.Streams;

/// <summary>A stream beside what it should hold: sorted dictionaries.</summary>
internal sealed class StreamModel : IDisposable
{
    private static readonly string[] GroupNames = ["g", "group two", "z"];
    private static readonly string[] ConsumerNames = ["a", "bob", "carol", "d", "eve"];
    private readonly long _empty;
    private StreamId _last;

    public StreamModel(ValueOptions options)
    {
        Keyspace.ValueOptions = options;
        var key = Keyspace.Key("{s}"u8);
        Keyspace[0].SetString(key, "x"u8, Entry.NoExpiry, 0);
        Keyspace[0].Remove(key);
        _empty = Keyspace.UsedBytes;
    }

    public delegate void Edition(StreamValue stream);

    public Keyspace.Keyspace Keyspace { get; } = new(new KeyspaceOptions { Databases = 1, HashSeed = 3 });

    public SortedDictionary<StreamId, string[]> Entries { get; } = [];

    public Dictionary<string, Group> Groups { get; } = [];

    public static string Describe(in Entry entry) => ContentRecorder.Of(entry);

    public void Edit(Edition edit)
    {
        var key = Keyspace.Key("{s}"u8);
        using var scope = Keyspace.LockSlot(key.Slot);
        Keyspace[0].TryFind(key, out var entry);
        edit(Keyspace[0].Open<StreamValue>(key, entry, 0));
    }

    public string Content()
    {
        Assert.True(Keyspace[0].TryFind(Keyspace.Key("{s}"u8), out var entry));
        return Describe(entry);
    }

    public void Append(params string[] elements)
    {
        _last = new StreamId(_last.Milliseconds + 1, 0);
        Append(_last, elements);
    }

    public void Run(uint operation)
    {
        var random = new Random((int)operation);
        switch (operation % 20)
        {
            case < 8:
                _last = random.Next(3) == 0
                    ? new StreamId(_last.Milliseconds + (ulong)random.Next(1, 1000), (ulong)random.Next(3))
                    : _last with { Sequence = _last.Sequence + 1 };
                Append(_last, Elements(random));
                break;
            case 8 or 9:
                Delete(PickId(random));
                break;
            case 10:
                Trim(random);
                break;
            case 11:
                Change(random);
                break;
            case < 16:
                Deliver(random);
                break;
            case < 19:
                Acknowledge(random);
                break;
            default:
                RunRarely(random);
                break;
        }
    }

    public void Verify()
    {
        var key = Keyspace.Key("{s}"u8);
        if (!Keyspace[0].TryFind(key, out var entry))
        {
            Assert.Empty(Entries);
            return;
        }

        StreamChecker.Check(entry);
        Edit(stream =>
        {
            Assert.Equal(Entries.Count, stream.Length);
            Assert.Equal(Entries.Select(Text), Read(stream, StreamId.Min, StreamId.Max, backward: false));
            Assert.Equal(Entries.Reverse().Select(Text), Read(stream, StreamId.Min, StreamId.Max, backward: true));
            Assert.Equal(Entries.Count == 0 ? default : Entries.First().Key, stream.FirstId);
            Assert.Equal(Groups.Count, stream.GroupCount);
            foreach (var (name, group) in Groups) group.Verify(stream.Group(stream.FindGroup(Encoding.ASCII.GetBytes(name))));
        });
    }

    public void VerifyRange(Random random)
    {
        var start = PickId(random);
        var end = random.Next(3) == 0 ? StreamId.Max : PickId(random);
        var expected = Entries.Where(pair => pair.Key >= start && pair.Key <= end).Select(Text).ToList();
        Edit(stream =>
        {
            Assert.Equal(expected, Read(stream, start, end, backward: false));
            expected.Reverse();
            Assert.Equal(expected, Read(stream, start, end, backward: true));
            Assert.Equal(Entries.ContainsKey(start), stream.TryFind(start, out _));
        });
    }

    public void DeleteAll()
    {
        Keyspace[0].Remove(Keyspace.Key("{s}"u8));
        while (Keyspace.Freeing.FreeSome())
        {
        }

        Assert.Equal(_empty, Keyspace.UsedBytes);
    }

    public void Dispose() => Keyspace.Dispose();

    private static List<string> Read(scoped in StreamValue stream, StreamId start, StreamId end, bool backward)
    {
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        var texts = new List<string>();
        var range = stream.Range(start, end, backward);
        while (range.MoveNext())
        {
            var entry = range.Current;
            var elements = new List<string>();
            while (entry.TryRead(out var field, out var value))
            {
                elements.Add(Encoding.Latin1.GetString(field.Text(scratch)));
                elements.Add(Encoding.Latin1.GetString(value.Text(scratch)));
            }

            texts.Add(Text(new(entry.Id, [.. elements])));
        }

        return texts;
    }

    private static string Text(KeyValuePair<StreamId, string[]> entry) => $"{entry.Key}: {string.Join(',', entry.Value)}";

    private static string[] Elements(Random random)
    {
        var fields = random.Next(8) == 0 ? random.Next(1, 5) : 2;
        return
        [
            .. Enumerable.Range(0, fields).SelectMany(i => new[]
            {
                random.Next(10) == 0 ? "other" : $"field {i}",
                random.Next(4) switch
                {
                    0 => (random.NextInt64() >> random.Next(64)).ToString(CultureInfo.InvariantCulture),
                    1 => new string('v', random.Next(120)),
                    2 => random.Next(40) == 0 ? new string('w', random.Next(9000)) : "",
                    _ => "value",
                },
            }),
        ];
    }

    private StreamId PickId(Random random)
    {
        if (Entries.Count == 0 || random.Next(6) == 0)
            return new StreamId(_last.Milliseconds - Math.Min(_last.Milliseconds, (ulong)random.Next(3000)), (ulong)random.Next(4));
        return Entries.Keys.ElementAt(random.Next(Entries.Count));
    }

    private void Append(StreamId id, string[] elements)
    {
        Entries.Add(id, elements);
        Edit(stream => stream.Append(id, new Fields(elements)));
    }

    private void Delete(StreamId id)
    {
        var isThere = Entries.Remove(id);
        Edit(stream => Assert.Equal(isThere, stream.Delete(id)));
    }

    private void Trim(Random random)
    {
        var byLength = random.Next(2) == 0;
        var most = random.Next(Entries.Count + 20);
        var least = PickId(random);
        var isApproximate = random.Next(2) == 0;
        var limit = random.Next(3) == 0 ? random.Next(1, 50) : 0;
        var trim = new StreamTrim
        {
            IsByLength = byLength,
            MaxLength = (ulong)most,
            MinId = least,
            IsApproximate = isApproximate,
            Limit = limit,
        };
        var wanted = byLength ? Math.Max(0, Entries.Count - most) : Entries.Keys.Count(id => id < least);
        var removed = 0L;
        Edit(stream => removed = stream.Trim(trim));
        Assert.InRange(removed, 0, wanted);
        if (limit > 0) Assert.InRange(removed, 0, limit);
        if (!isApproximate && limit == 0) Assert.Equal(wanted, removed);
        foreach (var id in Entries.Keys.Take((int)removed).ToList()) Entries.Remove(id);
    }

    private void Change(Random random)
    {
        var name = GroupNames[random.Next(GroupNames.Length)];
        var bytes = Encoding.ASCII.GetBytes(name);
        if (Groups.Remove(name, out var group) && random.Next(4) == 0)
        {
            Edit(stream => stream.DestroyGroup(stream.FindGroup(bytes)));
            return;
        }

        var last = PickId(random);
        Groups[name] = group ?? new Group();
        Edit(stream =>
        {
            if (!stream.Exists) stream.Create();
        });
        Edit(stream =>
        {
            if (group is null) Assert.True(stream.CreateGroup(bytes, last, 3));
            else stream.SetGroup(stream.FindGroup(bytes), last, 3);
        });
        Groups[name].Last = last;
    }

    private Group? Pick(Random random, out byte[] name)
    {
        name = [];
        if (Groups.Count == 0) return null;
        var (text, group) = Groups.ElementAt(random.Next(Groups.Count));
        name = Encoding.ASCII.GetBytes(text);
        return group;
    }

    private void Deliver(Random random)
    {
        if (Pick(random, out var name) is not { } group) return;
        var consumer = ConsumerNames[random.Next(ConsumerNames.Length)];
        var consumerName = Encoding.ASCII.GetBytes(consumer);
        var isNew = group.Consumers.Add(consumer);
        for (var i = random.Next(1, 20); i > 0; i--)
        {
            var id = PickId(random);
            group.Pending[id] = (consumer, random.Next(100), i);
            var (_, time, count) = group.Pending[id];
            Edit(stream =>
            {
                var index = stream.FindGroup(name);
                var place = stream.Group(index).FindConsumer(consumerName);
                Assert.Equal(isNew, place < 0);
                if (isNew) place = stream.CreateConsumer(index, consumerName, 5);
                else stream.Touch(index, place, 6, isActive: true);
                isNew = false;
                stream.Deliver(index, new StreamPending(id, place, time, count));
            });
        }
    }

    private void Acknowledge(Random random)
    {
        if (Pick(random, out var name) is not { } group || group.Pending.Count == 0) return;
        for (var i = random.Next(1, 10); i > 0 && group.Pending.Count > 0; i--)
        {
            var id = random.Next(5) == 0 ? PickId(random) : group.Pending.Keys.ElementAt(random.Next(group.Pending.Count));
            var isThere = group.Pending.Remove(id);
            Edit(stream => Assert.Equal(isThere, stream.Acknowledge(stream.FindGroup(name), id)));
        }
    }

    private void RunRarely(Random random)
    {
        if (random.Next(4) > 0)
        {
            VerifyRange(random);
            return;
        }

        if (Pick(random, out var name) is not { } group) return;
        var consumer = ConsumerNames[random.Next(ConsumerNames.Length)];
        var ids = group.Pending.Where(pair => pair.Value.Consumer == consumer).Select(pair => pair.Key).ToList();
        foreach (var id in ids) group.Pending.Remove(id);
        var isThere = group.Consumers.Remove(consumer);
        Edit(stream =>
        {
            Assert.Equal(
                isThere, stream.DeleteConsumer(stream.FindGroup(name), Encoding.ASCII.GetBytes(consumer), out var pending));
            Assert.Equal(ids.Count, pending);
        });
    }

    /// <summary>What a group should hold.</summary>
    internal sealed class Group
    {
        public StreamId Last { get; set; }

        public SortedDictionary<StreamId, (string Consumer, long Time, long Count)> Pending { get; } = [];

        public SortedSet<string> Consumers { get; } = new(StringComparer.Ordinal);

        public void Verify(scoped in StreamGroupInfo group)
        {
            Assert.Equal(Last, group.LastId);
            Assert.Equal(Pending.Count, group.PendingCount);
            Assert.Equal(Consumers.Count, group.ConsumerCount);
            var range = group.Pending(StreamId.Min);
            foreach (var (id, (consumer, time, count)) in Pending)
            {
                Assert.True(range.MoveNext());
                var pending = range.Current;
                Assert.Equal((id, time, count), (pending.Id, pending.DeliveryTime, pending.DeliveryCount));
                Assert.Equal(consumer, Encoding.ASCII.GetString(group.Consumer(pending.Consumer).Name));
            }

            Assert.False(range.MoveNext());
            var order = 0;
            foreach (var name in Consumers)
            {
                var consumer = group.ConsumerAt(order++);
                Assert.Equal(name, Encoding.ASCII.GetString(consumer.Name));
                Assert.Equal(Pending.Values.Count(pending => pending.Consumer == name), consumer.PendingCount);
            }
        }
    }

    /// <summary>Fields and values of a test.</summary>
    internal readonly struct Fields(string[] elements) : IStreamElements
    {
        public int Count => elements.Length;

        public ReadOnlySpan<byte> this[int index] => Encoding.Latin1.GetBytes(elements[index]);
    }
}
