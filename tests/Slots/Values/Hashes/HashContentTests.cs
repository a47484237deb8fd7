using System.Text;
using Starling.Slots.Keyspace;
using Starling.Slots.Tests.Values.Elements;
using Starling.Slots.Values;
using Starling.Slots.Values.Hashes;

namespace Starling.Slots.Tests.Values.Hashes;

/// <summary>What a hash makes of content from outside.</summary>
public sealed class HashContentTests
{
    private static readonly byte[] A = "a"u8.ToArray();
    private static readonly byte[] One = "1"u8.ToArray();
    private static readonly byte[] B = "b"u8.ToArray();

    [Fact]
    public void Every_form_makes_the_same_hash()
    {
        const string expected = "listpack a=1 b=";
        Assert.Equal(expected, Load(ContentForm.HashFields, 2UL, A, One, B, Array.Empty<byte>()));
        Assert.Equal(expected, Load(ContentForm.HashListpack, ListpackTests.Make([A, One, B, []])));
        Assert.Equal(expected, Load(ContentForm.HashZipmap, Bytes("\u0002\u0001a\u0001\01\u0001b\0\u0002xx\u00ff")));
        Assert.Equal(expected, Load(ContentForm.HashZipmap, Bytes("\u00fe\u0001a\u0001\01\u00fe\u0001\0\0\0b\0\0\u00ff")));
        Assert.Equal(expected, Load(ContentForm.HashZiplist, Bytes(
            "\u0015\0\0\0\u0012\0\0\0\u0004\0\0\u0001a\u0003\u00f2\u0002\u0001b\u0003\0\u00ff")));
    }

    [Fact]
    public void Expiries_come_in_every_form()
    {
        const string expected = "listpackex a=1@5000 b=2";
        var packed = ListpackTests.Make([A, One, "5000"u8.ToArray(), B, "2"u8.ToArray(), "0"u8.ToArray()]);
        byte[] start = [100, 0, 0, 0, 0, 0, 0, 0];
        Assert.Equal(expected, Load(ContentForm.HashFieldsWithExpiries, 2UL, 5000UL, A, One, 0UL, B, "2"u8.ToArray()));
        Assert.Equal(expected, Load(ContentForm.HashExpiringFields, start, 2UL, 4901UL, A, One, 0UL, B, "2"u8.ToArray()));
        Assert.Equal(expected, Load(ContentForm.HashListpackWithExpiries, packed));
        Assert.Equal(expected, Load(ContentForm.HashExpiringListpack, start, packed));
    }

    [Fact]
    public void What_is_written_reads_as_the_same_hash()
    {
        foreach (var entries in new long[] { 512, 1 })
        {
            foreach (var expiresAt in new[] { Entry.NoExpiry, 5000 })
            {
                using var model = new HashModel(new ValueOptions { HashMaxListpackEntries = entries });
                model.Fill("c", 300);
                model.Set("c", "f7", "v", expiresAt);
                Assert.True(model.Keyspace[0].TryFind(model.Key("c"), out var entry));
                var content = new ContentRecorder();
                entry.WriteContent(content);
                var outcome = model.Keyspace[0].Load(model.Key("c").Slot, entry.ContentForm, content, out var value);
                Assert.Equal(ContentOutcome.Read, outcome);
                model.Keyspace[0].Put(model.Key("c"), value, Entry.NoExpiry, 0);
                model.Verify();
            }
        }
    }

    [Fact]
    public void Hashes_without_fields_with_a_field_twice_or_cut_make_nothing()
    {
        byte[] start = [100, 0, 0, 0, 0, 0, 0, 0];
        Assert.Equal("Empty", Load(ContentForm.HashFields, 0UL));
        Assert.Equal("Empty", Load(ContentForm.HashListpack, ListpackTests.Make([])));
        Assert.Equal("Empty", Load(ContentForm.HashZipmap, Bytes("\0\u00ff")));
        Assert.Equal("Invalid", Load(ContentForm.HashFields, 2UL, A, One, A, One));
        Assert.Equal("Invalid", Load(ContentForm.HashListpack, ListpackTests.Make([A, One, A, One])));
        Assert.Equal("Invalid", Load(ContentForm.HashListpack, ListpackTests.Make([A, One, B])));
        var many = Enumerable.Range(0, 2000).Select(i => Encoding.ASCII.GetBytes("" + (i % 1998))).ToList();
        Assert.Equal("Invalid", Load(ContentForm.HashListpack, ListpackTests.Make(many)));
        Assert.Equal("Invalid", Load(ContentForm.HashListpackWithExpiries, ListpackTests.Make([A, One, B])));
        Assert.Equal("Invalid", Load(ContentForm.HashListpackWithExpiries, ListpackTests.Make([A, One, "-5"u8.ToArray()])));
        Assert.Equal("Invalid", Load(ContentForm.HashFieldsWithExpiries, 1UL, 1UL << 48, A, One));
        Assert.Equal("Invalid", Load(ContentForm.HashExpiringFields, start, 1UL, ulong.MaxValue, A, One));
        Assert.Equal("EndedEarly", Load(ContentForm.HashFields, 2UL, A, One, A));
        Assert.Equal("EndedEarly", Load(ContentForm.HashFields, ulong.MaxValue, A, One));
        Assert.Equal("EndedEarly", Load(ContentForm.HashExpiringFields, start, 1UL, 7UL));
        Assert.Equal("EndedEarly", Load(ContentForm.HashExpiringListpack, new byte[3]));
    }

    [Fact]
    public void A_cut_or_damaged_zipmap_makes_nothing_or_a_hash_that_can_be_used()
    {
        const int seed = 5;
        var random = new Random(seed);
        var good = Bytes("\u0003\u0001a\u0001\01\u0001b\0\u0002xx\u00fe\u0005\0\0\0hello\u0003\u0001bye?\u00ff");
        Assert.Equal("listpack a=1 b= hello=bye", Load(ContentForm.HashZipmap, good));
        for (var length = 0; length < good.Length; length++)
        {
            var cut = good[..length];
            if (length > 1) cut[^1] = 0xFF;
            Assert.Equal("Invalid", Load(ContentForm.HashZipmap, cut));
        }

        var accepted = 0;
        for (var round = 0; round < 3000; round++)
        {
            var bytes = good.ToArray();
            for (var changes = random.Next(1, 3); changes > 0; changes--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            if (Load(ContentForm.HashZipmap, bytes) != "Invalid") accepted++;
        }

        Assert.InRange(accepted, 10, 2990);
    }

    private static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    /// <summary>The hash that was made, or why none was.</summary>
    private static string Load(ContentForm form, params object[] pieces)
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions { HashSeed = 1 });
        var key = keyspace.Key("k"u8);
        Assert.True(ValueKinds.TrySkip(form, new ContentRecorder(pieces))
            || keyspace[0].Load(key.Slot, form, new ContentRecorder(pieces), out _) == ContentOutcome.EndedEarly);
        var outcome = keyspace[0].Load(key.Slot, form, new ContentRecorder(pieces), out var value);
        if (outcome != ContentOutcome.Read)
        {
            Assert.Equal(0, keyspace.UsedBytes);
            return outcome.ToString();
        }

        keyspace[0].Put(key, value, Entry.NoExpiry, 0);
        Assert.True(keyspace[0].TryFind(key, out var entry));
        var fields = HashModel.Read(keyspace[0].Open<HashValue>(key, entry, 0));
        return ElementModel.Text(entry.EncodingName) + string.Concat(fields.OrderBy(x => x.Key, StringComparer.Ordinal)
            .Select(x => $" {x.Key}={x.Value.Value}" + (x.Value.ExpiresAt == Entry.NoExpiry ? "" : $"@{x.Value.ExpiresAt}")));
    }
}
