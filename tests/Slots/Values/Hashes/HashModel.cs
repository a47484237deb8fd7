using Starling.Slots.Keyspace;
using Starling.Slots.Tests.Values.Elements;
using Starling.Slots.Values;
using Starling.Slots.Values.Hashes;

namespace Starling.Slots.Tests.Values.Hashes;

/// <summary>A keyspace with hashes and the dictionaries that say what they should hold.</summary>
internal sealed class HashModel : IDisposable
{
    public static readonly string[] Names = ["{h}a", "{h}b", "c"];

    private readonly long _empty;

    public HashModel(ValueOptions options)
    {
        Keyspace.ValueOptions = options;
        foreach (var name in Names)
        {
            Keyspace[0].SetString(Key(name), "x"u8, Entry.NoExpiry, 0);
            Keyspace[0].Remove(Key(name));
        }

        _empty = Keyspace.UsedBytes;
    }

    public Keyspace.Keyspace Keyspace { get; } = new(new KeyspaceOptions { Databases = 1, HashSeed = 3 });

    public Dictionary<string, Dictionary<string, (string Value, long ExpiresAt)>> Hashes { get; } = [];

    public Key Key(string name) => Keyspace.Key(ElementModel.Bytes(name));

    public HashValue Open(string name)
    {
        Keyspace[0].TryFind(Key(name), out var entry);
        return Keyspace[0].Open<HashValue>(Key(name), entry, 0);
    }

    public void Set(string name, string field, string value, long expiresAt = Entry.NoExpiry)
    {
        var hash = Hashes.TryGetValue(name, out var known) ? known : Hashes[name] = [];
        Assert.Equal(
            !hash.ContainsKey(field), Open(name).Set(ElementModel.Bytes(field), ElementModel.Bytes(value), expiresAt));
        hash[field] = (value, expiresAt);
    }

    public void Remove(string name, string field)
    {
        var expected = Hashes.TryGetValue(name, out var hash) && hash.Remove(field);
        if (hash is { Count: 0 }) Hashes.Remove(name);
        Assert.Equal(expected, Open(name).Remove(ElementModel.Bytes(field)));
    }

    public void Fill(string name, int count)
    {
        for (var i = 0; i < count; i++) Set(name, "f" + i, "value" + i);
    }

    public void Change(Random random, int fields = 40)
    {
        var name = Names[random.Next(2)];
        var field = random.Next(3) == 0 ? $"{random.Next(fields) - 5}" : "f" + random.Next(fields);
        var value = random.Next(6) switch
        {
            0 => $"{random.NextInt64() >> random.Next(64)}",
            1 => new string('v', random.Next(100)),
            2 when random.Next(10) == 0 => new string('w', random.Next(5000)),
            _ => new string((char)random.Next(256), random.Next(20)),
        };
        var expiresAt = random.Next(4) > 0 ? Entry.NoExpiry : random.NextInt64(1, 1L << random.Next(8, 47));
        switch (random.Next(20))
        {
            case < 8:
                Set(name, field, value, expiresAt);
                break;
            case < 14:
                Remove(name, field);
                break;
            case < 17 when Hashes.TryGetValue(name, out var hash) && hash.TryGetValue(field, out var old):
                Open(name).SetExpiry(ElementModel.Bytes(field), expiresAt);
                hash[field] = (old.Value, expiresAt);
                break;
            case 17 when random.Next(4) == 0:
                Assert.Equal(Hashes.Remove(name), Keyspace[0].Remove(Key(name)));
                break;
            case 18 when random.Next(4) == 0:
                Copy(name, Names[random.Next(3)]);
                break;
            case 19 when random.Next(4) == 0:
                Move(name, Names[random.Next(3)]);
                break;
        }
    }

    public void Verify()
    {
        Assert.Equal(Hashes.Count, Keyspace[0].Count);
        foreach (var (name, expected) in Hashes)
        {
            Assert.Equal(expected, Read(Open(name)));
            var hash = Open(name);
            Assert.Equal(expected.Count, hash.Count);
            var earliest = expected.Values.Where(x => x.ExpiresAt != Entry.NoExpiry).Select(x => x.ExpiresAt)
                .DefaultIfEmpty(long.MaxValue).Min();
            if (earliest == long.MaxValue) Assert.Equal(long.MaxValue, hash.EarliestExpiry);
            else Assert.InRange(hash.EarliestExpiry, 1, earliest + 1000);
            foreach (var (field, (value, _)) in expected)
            {
                Assert.True(hash.TryGet(ElementModel.Bytes(field), out var found));
                Assert.Equal(value, ElementModel.Text(found.Text(new byte[32])));
            }

            for (var i = 0; i < expected.Count; i++)
                Assert.True(expected.ContainsKey(ElementModel.Text(hash.Pick(i).Field.Text(new byte[32]))));
        }
    }

    public static Dictionary<string, (string Value, long ExpiresAt)> Read(HashValue hash)
    {
        var fields = new Dictionary<string, (string Value, long ExpiresAt)>();
        foreach (var entry in hash.Entries)
        {
            fields.Add(
                ElementModel.Text(entry.Field.Text(new byte[32])),
                (ElementModel.Text(entry.Value.Text(new byte[32])), entry.ExpiresAt));
        }

        return fields;
    }

    public Dictionary<string, Dictionary<string, (string Value, long ExpiresAt)>> CopyAll() =>
        Hashes.ToDictionary(x => x.Key, x => new Dictionary<string, (string Value, long ExpiresAt)>(x.Value));

    public void Dispose()
    {
        foreach (var name in Names) Keyspace[0].Remove(Key(name));
        while (Keyspace.Freeing.FreeSome())
        {
        }

        Assert.Equal(_empty, Keyspace.UsedBytes);
        Keyspace.Dispose();
    }

    private void Copy(string from, string to)
    {
        Assert.Equal(Hashes.ContainsKey(from), Keyspace[0].Copy(Key(from), Keyspace[0], Key(to)));
        if (Hashes.TryGetValue(from, out var hash))
            Hashes[to] = new Dictionary<string, (string Value, long ExpiresAt)>(hash);
    }

    private void Move(string from, string to)
    {
        Assert.Equal(Hashes.ContainsKey(from), Keyspace[0].Move(Key(from), Keyspace[0], Key(to)));
        if (from == to || !Hashes.Remove(from, out var hash)) return;
        Hashes[to] = hash;
    }
}
