using System.Buffers.Binary;
using System.Text;
using Starling.Slots.Keyspace;
using Starling.Slots.Values;

namespace Starling.Slots.Tests.Values;

/// <summary>What a list makes of content from outside.</summary>
public sealed class ListContentTests
{
    [Fact]
    public void Elements_nodes_and_ziplists_make_the_same_list()
    {
        var elements = new[] { "a", "12", "", "-70000", "12345678901", new string('b', 300) }.Select(Encoding.ASCII.GetBytes).ToList();
        var listpack = ListpackTests.Make(elements);
        var expected = "1 2 " + Convert.ToHexString(listpack);
        Assert.Equal(expected, Load(ContentForm.ListElements, [6UL, .. elements]));
        Assert.Equal(expected, Load(ContentForm.ListNodes, 1UL, 2UL, listpack));
        Assert.Equal(expected, Load(ContentForm.ListZiplist, MakeZiplist(elements)));
    }

    [Fact]
    public void Nodes_stay_the_nodes_they_were()
    {
        var first = ListpackTests.Make(["a"u8.ToArray(), "b"u8.ToArray()]);
        var large = new byte[20_000];
        var last = ListpackTests.Make(["c"u8.ToArray()]);
        Assert.Equal(
            $"3 2 {Convert.ToHexString(first)} 1 {Convert.ToHexString(large)} 2 {Convert.ToHexString(last)}",
            Load(ContentForm.ListNodes, 3UL, 2UL, first, 1UL, large, 2UL, last));
        Assert.Equal(
            "2 2 " + Convert.ToHexString(first) + " 2 " + Convert.ToHexString(first),
            Load(ContentForm.ListNodes, 3UL, 2UL, first, 2UL, ListpackTests.Make([]), 2UL, first));
    }

    [Fact]
    public void A_list_without_elements_is_empty()
    {
        Assert.Equal("Empty", Load(ContentForm.ListElements, 0UL));
        Assert.Equal("Empty", Load(ContentForm.ListNodes, 0UL));
        Assert.Equal("Empty", Load(ContentForm.ListNodes, 1UL, 2UL, ListpackTests.Make([])));
        Assert.Equal("Empty", Load(ContentForm.ListZiplist, MakeZiplist([])));
        Assert.Equal("Empty", Load(ContentForm.ListZiplists, 2UL, MakeZiplist([]), MakeZiplist([])));
    }

    [Fact]
    public void Content_that_ends_early_makes_nothing_and_leaks_nothing()
    {
        var node = ListpackTests.Make(["a"u8.ToArray()]);
        Assert.Equal("EndedEarly", Load(ContentForm.ListElements));
        Assert.Equal("EndedEarly", Load(ContentForm.ListElements, 2UL, "a"u8.ToArray()));
        Assert.Equal("EndedEarly", Load(ContentForm.ListElements, ulong.MaxValue, "a"u8.ToArray()));
        Assert.Equal("EndedEarly", Load(ContentForm.ListNodes, 2UL, 2UL, node, 2UL));
        Assert.Equal("EndedEarly", Load(ContentForm.ListNodes, 2UL, 2UL, node));
        Assert.Equal("EndedEarly", Load(ContentForm.ListZiplists, 2UL, MakeZiplist(["a"u8.ToArray()])));
    }

    [Fact]
    public void Invalid_nodes_make_nothing_and_leak_nothing()
    {
        var node = ListpackTests.Make(["a"u8.ToArray()]);
        Assert.Equal("Invalid", Load(ContentForm.ListNodes, 2UL, 2UL, node, 3UL, node));
        Assert.Equal("Invalid", Load(ContentForm.ListNodes, 2UL, 2UL, node, 0UL, node));
        Assert.Equal("Invalid", Load(ContentForm.ListNodes, 2UL, 2UL, node, 2UL, node[..^1]));
        Assert.Equal("Invalid", Load(ContentForm.ListNodes, 1UL, 1UL, Array.Empty<byte>()));
    }

    [Fact]
    public void A_cut_or_damaged_ziplist_never_makes_an_unsound_list()
    {
        const int seed = 12;
        var random = new Random(seed);
        var good = MakeZiplist([.. new[] { "a", "12", "300", "-70000", "12345678901", "-9223372036854775808", new string('c', 260), "z" }.Select(Encoding.ASCII.GetBytes)]);
        for (var length = 0; length < good.Length; length++)
        {
            var cut = good[..length];
            if (length >= 4) BinaryPrimitives.WriteInt32LittleEndian(cut, length);
            if (length > 10) cut[^1] = 0xFF;
            Assert.Equal("Invalid", Load(ContentForm.ListZiplist, cut));
        }

        var accepted = 0;
        for (var round = 0; round < 3000; round++)
        {
            var bytes = good.ToArray();
            for (var changes = random.Next(1, 3); changes > 0; changes--)
                bytes[random.Next(4, bytes.Length - 1)] = (byte)random.Next(256);
            if (Load(ContentForm.ListZiplist, bytes) != "Invalid") accepted++;
        }

        Assert.InRange(accepted, 10, 2900);
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
        ListChecker.Check(entry, ValueOptions.Default with { ListPackedThreshold = 1 });
        return ContentRecorder.Of(entry);
    }

    internal static byte[] MakeZiplist(List<byte[]> elements)
    {
        List<byte> bytes = [.. new byte[10]];
        var before = 0;
        var last = 10;
        foreach (var element in elements)
        {
            last = bytes.Count;
            if (before < 254) bytes.Add((byte)before);
            else bytes.AddRange([254, .. BitConverter.GetBytes(before)]);
            if (DecimalInteger.TryParse(element, out var number)) bytes.AddRange(EncodeNumber(number));
            else if (element.Length < 64) bytes.AddRange([(byte)element.Length, .. element]);
            else bytes.AddRange([(byte)(0x40 | element.Length >> 8), (byte)element.Length, .. element]);
            before = bytes.Count - last;
        }

        bytes.Add(0xFF);
        var result = bytes.ToArray();
        BinaryPrimitives.WriteInt32LittleEndian(result, result.Length);
        BinaryPrimitives.WriteInt32LittleEndian(result.AsSpan(4), last);
        BinaryPrimitives.WriteUInt16LittleEndian(result.AsSpan(8), (ushort)elements.Count);
        return result;
    }

    private static byte[] EncodeNumber(long number) => number switch
    {
        >= 0 and <= 12 => [(byte)(0xF1 + number)],
        >= sbyte.MinValue and <= sbyte.MaxValue => [0xFE, (byte)number],
        >= short.MinValue and <= short.MaxValue => [0xC0, .. BitConverter.GetBytes((short)number)],
        >= -(1 << 23) and < 1 << 23 => [0xF0, .. BitConverter.GetBytes((int)number)[..3]],
        >= int.MinValue and <= int.MaxValue => [0xD0, .. BitConverter.GetBytes((int)number)],
        _ => [0xE0, .. BitConverter.GetBytes(number)],
    };
}
