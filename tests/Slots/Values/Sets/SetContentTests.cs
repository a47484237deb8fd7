using System.Buffers.Binary;
using System.Text;
using Starling.Slots.Keyspace;
using Starling.Slots.Values;

namespace Starling.Slots.Tests.Values.Sets;

/// <summary>What a set makes of content from outside.</summary>
public sealed class SetContentTests
{
    [Fact]
    public void Members_listpack_and_intset_make_the_same_set()
    {
        var numbers = new[] { "-70000", "1", "12", "12345678901" }.Select(Encoding.ASCII.GetBytes).ToList();
        var intset = Intset(8, -70000, 1, 12, 12345678901);
        var expected = Convert.ToHexString(intset);
        Assert.Equal(expected, Load(ContentForm.SetMembers, [4UL, .. numbers]));
        Assert.Equal(expected, Load(ContentForm.SetIntset, intset));
        var texts = new[] { "a", "12", "", "-70000" }.Select(Encoding.ASCII.GetBytes).ToList();
        var written = "4 " + string.Join(' ', texts.Select(Convert.ToHexString));
        Assert.Equal(written, Load(ContentForm.SetListpack, ListpackTests.Make(texts)));
        Assert.Equal(written, Load(ContentForm.SetMembers, [4UL, .. texts]));
    }

    [Theory]
    [InlineData(2, -32768, 32767)]
    [InlineData(2, 0, 1)]
    [InlineData(4, -32769, 3)]
    [InlineData(4, 1, 8388608)]
    [InlineData(4, int.MinValue, int.MaxValue)]
    [InlineData(8, 5, int.MaxValue + 1L)]
    [InlineData(8, long.MinValue, long.MaxValue)]
    public void An_intset_is_written_with_the_width_that_redis_gives_it(int width, long lowest, long highest)
    {
        var wide = Intset(8, lowest, highest);
        Assert.Equal(Convert.ToHexString(Intset(width, lowest, highest)), Load(ContentForm.SetIntset, wide));
    }

    [Fact]
    public void A_large_set_is_read_whole_from_every_form()
    {
        var numbers = Enumerable.Range(0, 3000).Select(i => (long)i * 31).ToArray();
        var texts = numbers.Select(number => Encoding.ASCII.GetBytes($"{number}")).ToList();
        var expected = texts.Select(Convert.ToHexString).Order(StringComparer.Ordinal).ToList();
        foreach (var content in new[]
        {
            Load(ContentForm.SetIntset, Intset(4, numbers)),
            Load(ContentForm.SetListpack, ListpackTests.Make(texts)),
            Load(ContentForm.SetMembers, [3000UL, .. texts]),
        })
        {
            var pieces = content.Split(' ');
            Assert.Equal("3000", pieces[0]);
            Assert.Equal(expected, pieces.Skip(1).Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public void A_set_without_members_is_no_set()
    {
        Assert.Equal("Empty", Load(ContentForm.SetMembers, 0UL));
        Assert.Equal("Empty", Load(ContentForm.SetListpack, ListpackTests.Make([])));
        Assert.Equal("Invalid", Load(ContentForm.SetIntset, Intset(2)));
    }

    [Fact]
    public void Content_that_ends_early_makes_nothing_and_leaks_nothing()
    {
        Assert.Equal("EndedEarly", Load(ContentForm.SetMembers));
        Assert.Equal("EndedEarly", Load(ContentForm.SetMembers, 2UL, "a"u8.ToArray()));
        Assert.Equal("EndedEarly", Load(ContentForm.SetMembers, ulong.MaxValue, "a"u8.ToArray()));
        Assert.Equal("EndedEarly", Load(ContentForm.SetMembers, 200UL, "1"u8.ToArray(), "2"u8.ToArray()));
        Assert.Equal("EndedEarly", Load(ContentForm.SetIntset));
        Assert.Equal("EndedEarly", Load(ContentForm.SetListpack));
    }

    [Fact]
    public void Members_that_come_twice_are_refused_in_every_form()
    {
        var few = new[] { "a", "1", "b", "1" }.Select(Encoding.ASCII.GetBytes).ToList();
        var many = Enumerable.Range(0, 700).Select(i => Encoding.ASCII.GetBytes($"{i % 699}x")).ToList();
        foreach (var members in new[] { few, many })
        {
            Assert.Equal("Invalid", Load(ContentForm.SetListpack, ListpackTests.Make(members)));
            Assert.Equal("Invalid", Load(ContentForm.SetMembers, [(ulong)members.Count, .. members]));
        }

        Assert.Equal("Invalid", Load(ContentForm.SetMembers, 3UL, "1"u8.ToArray(), "2"u8.ToArray(), "1"u8.ToArray()));
        Assert.Equal("Invalid", Load(ContentForm.SetIntset, Intset(2, 1, 1)));
        Assert.Equal("Invalid", Load(ContentForm.SetIntset, Intset(4, 1, 3, 2)));

        // Once as a text, once as a number.
        byte[] twice = [12, 0, 0, 0, 2, 0, 0x81, (byte)'7', 2, 7, 1, 0xFF];
        Assert.Equal("Invalid", Load(ContentForm.SetListpack, twice));
    }

    [Fact]
    public void A_cut_or_damaged_intset_never_makes_an_unsound_set()
    {
        const int seed = 12;
        var random = new Random(seed);
        var good = Intset(4, -100_000, -3, 5, 70_000, 80_000, 80_001);
        for (var length = 0; length < good.Length; length++) Assert.Equal("Invalid", Load(ContentForm.SetIntset, good[..length]));
        byte[] longer = [.. good, 0];
        Assert.Equal("Invalid", Load(ContentForm.SetIntset, longer));
        var accepted = 0;
        for (var round = 0; round < 3000; round++)
        {
            var bytes = good.ToArray();
            for (var changes = random.Next(1, 3); changes > 0; changes--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            if (Load(ContentForm.SetIntset, bytes) != "Invalid") accepted++;
        }

        Assert.InRange(accepted, 10, 2900);
        Assert.Equal("Invalid", Load(ContentForm.SetIntset, (byte[])[2, 0, 0, 0, 255, 255, 255, 255, 1, 0]));
        Assert.Equal("Invalid", Load(ContentForm.SetIntset, (byte[])[3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0]));
        Assert.Equal("Invalid", Load(ContentForm.SetIntset, (byte[])[0, 0, 0, 0, 1, 0, 0, 0]));
    }

    [Fact]
    public void Skipping_reads_what_reading_does()
    {
        Assert.True(ValueKinds.TrySkip(ContentForm.SetMembers, new ContentRecorder(2UL, "a"u8.ToArray(), "b"u8.ToArray())));
        Assert.False(ValueKinds.TrySkip(ContentForm.SetMembers, new ContentRecorder(3UL, "a"u8.ToArray(), "b"u8.ToArray())));
        Assert.True(ValueKinds.TrySkip(ContentForm.SetIntset, new ContentRecorder(Intset(2, 1))));
        Assert.False(ValueKinds.TrySkip(ContentForm.SetListpack, new ContentRecorder()));
    }

    /// <summary>The content of what was made, or why nothing was.</summary>
    private static string Load(ContentForm form, params object[] pieces)
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions { HashSeed = 1 });
        var key = keyspace.Key("k"u8);
        var outcome = keyspace[0].Load(key.Slot, form, new ContentRecorder(pieces), out var value);
        if (outcome != ContentOutcome.Read)
        {
            Assert.Equal(0, keyspace.UsedBytes);
            return outcome.ToString();
        }

        keyspace[0].Put(key, value, Entry.NoExpiry, 0);
        Assert.True(keyspace[0].TryFind(key, out var entry));
        var members = SavedSets.Read(keyspace, "k");
        Assert.Equal(members.Count, members.Distinct().Count());
        return ContentRecorder.Of(entry);
    }

    private static byte[] Intset(int width, params long[] numbers)
    {
        var bytes = new byte[8 + (width * numbers.Length)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, width);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), numbers.Length);
        for (var i = 0; i < numbers.Length; i++) BitConverter.GetBytes(numbers[i])[..width].CopyTo(bytes, 8 + (i * width));
        return bytes;
    }
}
