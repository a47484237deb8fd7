using Starling.Slots.Keyspace;
using Starling.Slots.Tests.Values.Elements;
using Starling.Slots.Values;
using Starling.Slots.Values.Hashes;

namespace Starling.Slots.Tests.Values.Hashes;

/// <summary>A hash does what a dictionary of its fields does, whatever its encoding.</summary>
public sealed class HashModelTests
{
    [Theory]
    [InlineData(512, 64)]
    [InlineData(10, 64)]
    [InlineData(512, 5)]
    [InlineData(0, 0)]
    [InlineData(100_000, 100_000)]
    public void A_hash_agrees_with_a_dictionary(long entries, long bytes) =>
        Operations.Check(20, 600, operations =>
        {
            using var model = new HashModel(
                new ValueOptions { HashMaxListpackEntries = entries, HashMaxListpackValue = bytes });
            foreach (var operation in operations) model.Change(new Random((int)operation));
            model.Verify();
        });

    [Fact]
    public void Encodings_follow_the_limits_and_the_expiries()
    {
        using var model = new HashModel(
            new ValueOptions { HashMaxListpackEntries = 3, HashMaxListpackValue = 10 });
        model.Fill("c", 3);
        Assert.Equal("listpack", Encoding(model));
        model.Set("c", "f3", "x");
        Assert.Equal("hashtable", Encoding(model));
        foreach (var field in new[] { "f3", "f2", "f1" }) model.Remove("c", field);
        Assert.Equal("hashtable", Encoding(model));
        model.Remove("c", "f0");
        model.Set("c", "f", "0123456789");
        model.Open("c").SetExpiry("f"u8, 1000);
        Assert.Equal("listpackex", Encoding(model));
        model.Open("c").SetExpiry("f"u8, Entry.NoExpiry);
        model.Set("c", "f", "0123456789a");
        Assert.Equal("hashtable", Encoding(model));
    }

    [Theory]
    [InlineData(512)]
    [InlineData(0)]
    public void Expired_fields_are_not_seen_and_are_found_to_be_removed(long entries)
    {
        using var model = new HashModel(new ValueOptions { HashMaxListpackEntries = entries });
        for (var i = 0; i < 300; i++) model.Set("c", "f" + i, "v", i % 3 == 0 ? Entry.NoExpiry : 1000L * (1 + (i % 7)));
        var hash = model.Open("c");
        hash.Now = 3500;
        Assert.Equal(300, hash.Count);
        var live = model.Hashes["c"].Where(x => x.Value.ExpiresAt is Entry.NoExpiry or >= 3500).ToDictionary();
        Assert.Equal(live.Count, hash.LiveCount);
        Assert.Equal(live, HashModel.Read(hash));
        Assert.False(hash.TryGet("f1"u8, out _));
        Assert.True(hash.TryGet("f3"u8, out _));
        Assert.True(hash.Set("f1"u8, "v"u8));
        model.Hashes["c"]["f1"] = ("v", Entry.NoExpiry);
        var found = new List<byte[]>();
        bool more;
        do
        {
            found.Clear();
            more = model.Open("c").FindExpired(3500, 20, found);
            Assert.InRange(found.Count, 0, 20);
            foreach (var field in found) model.Remove("c", ElementModel.Text(field));
        }
        while (more);
        live["f1"] = ("v", Entry.NoExpiry);
        Assert.Equal(live, HashModel.Read(model.Open("c")));
        model.Verify();
    }

    [Fact]
    public void Keys_with_expired_fields_are_found_among_many_keys()
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions { Databases = 1, HashSeed = 3 });
        var database = keyspace[0];
        var random = new Random(8);
        var due = new Dictionary<string, long>();
        for (var i = 0; i < 20_000; i++)
        {
            var name = "{k}" + i;
            var key = keyspace.Key(ElementModel.Bytes(name));
            if (i % 20 != 0)
            {
                database.SetString(key, "x"u8, Entry.NoExpiry, 0);
                continue;
            }

            due[name] = random.Next(1000, 100_000);
            database.Open<HashValue>(key, default, 0).Set("f"u8, "v"u8, due[name]);
            if (i % 40 != 0) continue;
            Assert.True(database.Move(key, database, keyspace.Key(ElementModel.Bytes(name + "moved"))));
            due.Remove(name, out var expiresAt);
            due[name + "moved"] = expiresAt;
        }

        var slot = HashSlot.Of("{k}"u8);
        Assert.Equal(slot, database.NextSlotWithElementExpiry(0));
        for (var now = 0L; now < 110_000; now += 500)
        {
            bool more;
            do
            {
                var visitor = new Names { Found = [] };
                more = database.VisitDueValues(slot, now, ref visitor);
                foreach (var name in visitor.Found) Expire(keyspace, name, now, due);
            }
            while (more);
            Assert.DoesNotContain(due.Values, x => x < now / 1000 * 1000);
        }

        Assert.Empty(due);
        Assert.Equal(-1, database.NextSlotWithElementExpiry(0));
    }

    private static void Expire(Keyspace.Keyspace keyspace, string name, long now, Dictionary<string, long> due)
    {
        var key = keyspace.Key(ElementModel.Bytes(name));
        Assert.True(keyspace[0].TryFind(key, out var entry));
        var hash = keyspace[0].Open<HashValue>(key, entry, 0);
        var fields = new List<byte[]>();
        hash.FindExpired(now, 10, fields);
        foreach (var field in fields)
        {
            Assert.True(hash.Remove(field));
            Assert.True(due.Remove(name, out var expiresAt) && expiresAt < now);
        }

        keyspace[0].RenewElementExpiry(key);
    }

    private static string Encoding(HashModel model)
    {
        Assert.True(model.Keyspace[0].TryFind(model.Key("c"), out var entry));
        return ElementModel.Text(entry.EncodingName);
    }

    private struct Names : IEntryVisitor
    {
        public List<string> Found;

        public readonly void Visit(in Entry entry) => Found.Add(ElementModel.Text(entry.Key));
    }
}
