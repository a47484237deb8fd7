using System.Buffers.Binary;
using System.Text;
using Starling.Slots.Keyspace;
using Starling.Slots.Values;

namespace Starling.Slots.Tests.Values.SortedSets;

/// <summary>What a sorted set makes of content from outside.</summary>
public sealed class SortedSetContentTests
{
    private static readonly byte[] Good = Pack("a", "1", "b", "1", "12", "2.5", "c", "inf");

    [Fact]
    public void Every_form_makes_the_same_set()
    {
        var expected = Convert.ToHexString(Good);
        Assert.Equal(expected, Load(ContentForm.SortedSetListpack, Good));
        Assert.Equal(expected, Load(ContentForm.SortedSetZiplist, ListContentTests.MakeZiplist(Texts("a", "1", "b", "1", "12", "2.5", "c", "inf"))));
        Assert.Equal(expected, Load(ContentForm.SortedSetZiplist, ListContentTests.MakeZiplist(Texts("b", "1", "c", "inf", "12", "2.5", "a", "1"))));
        Assert.Equal(expected, Load(ContentForm.SortedSetElements, 4UL, Text("c"), Score(double.PositiveInfinity), Text("12"), Score(2.5), Text("a"), Score(1), Text("b"), Score(1)));
        Assert.Equal(expected, Load(ContentForm.SortedSetTexts, 4UL, Text("c"), new byte[] { 254 }, Text("12"), new byte[] { 3 }, Text("2.5"), Text("a"), new byte[] { 1 }, Text("1"), Text("b"), new byte[] { 1 }, Text("1")));
    }

    [Fact]
    public void A_set_without_elements_is_empty()
    {
        Assert.Equal("Empty", Load(ContentForm.SortedSetElements, 0UL));
        Assert.Equal("Empty", Load(ContentForm.SortedSetTexts, 0UL));
        Assert.Equal("Empty", Load(ContentForm.SortedSetListpack, Pack()));
        Assert.Equal("Empty", Load(ContentForm.SortedSetZiplist, ListContentTests.MakeZiplist([])));
    }

    [Fact]
    public void Content_that_ends_early_makes_nothing_and_leaks_nothing()
    {
        Assert.Equal("EndedEarly", Load(ContentForm.SortedSetElements));
        Assert.Equal("EndedEarly", Load(ContentForm.SortedSetElements, 2UL, Text("a"), Score(1)));
        Assert.Equal("EndedEarly", Load(ContentForm.SortedSetElements, ulong.MaxValue, Text("a"), Score(1), Text("b")));
        Assert.Equal("EndedEarly", Load(ContentForm.SortedSetTexts, 1UL, Text("a")));
        Assert.Equal("EndedEarly", Load(ContentForm.SortedSetTexts, 1UL, Text("a"), new byte[] { 3 }, Text("2")));
        Assert.Equal("EndedEarly", Load(ContentForm.SortedSetListpack));
    }

    [Fact]
    public void Scores_that_are_no_numbers_members_that_come_twice_and_a_wrong_order_are_invalid()
    {
        Assert.Equal("Invalid", Load(ContentForm.SortedSetElements, 1UL, Text("a"), Score(double.NaN)));
        Assert.Equal("Invalid", Load(ContentForm.SortedSetElements, 2UL, Text("a"), Score(1), Text("a"), Score(2)));
        Assert.Equal("Invalid", Load(ContentForm.SortedSetTexts, 1UL, Text("a"), new byte[] { 253 }));
        Assert.Equal("Invalid", Load(ContentForm.SortedSetTexts, 1UL, Text("a"), new byte[] { 1 }, Text("x")));
        Assert.Equal("Invalid", Load(ContentForm.SortedSetTexts, 1UL, Text("a"), new byte[] { 0 }, Array.Empty<byte>()));
        Assert.Equal("Invalid", Load(ContentForm.SortedSetListpack, Pack("a", "1", "b")));
        Assert.Equal("Invalid", Load(ContentForm.SortedSetListpack, Pack("a", "1", "a", "2")));
        Assert.Equal("Invalid", Load(ContentForm.SortedSetListpack, Pack("a", "2", "b", "1")));
        Assert.Equal("Invalid", Load(ContentForm.SortedSetListpack, Pack("b", "1", "a", "1")));
        Assert.Equal("Invalid", Load(ContentForm.SortedSetListpack, Pack("a", "nan")));
        Assert.Equal("Invalid", Load(ContentForm.SortedSetListpack, Pack("a", "one")));
        Assert.Equal("Invalid", Load(ContentForm.SortedSetListpack, Good[..^1]));
        Assert.Equal("Invalid", Load(ContentForm.SortedSetZiplist, ListContentTests.MakeZiplist(Texts("a", "1", "b"))));
        Assert.Equal("Invalid", Load(ContentForm.SortedSetZiplist, ListContentTests.MakeZiplist(Texts("a", "1", "a", "2"))));
        var many = new List<string>();
        for (var i = 1000; i < 1200; i++) many.AddRange(["m" + i, "7"]);
        Assert.StartsWith("200 ", Load(ContentForm.SortedSetListpack, Pack([.. many])), StringComparison.Ordinal);
        many[^2] = "m1000";
        many[^1] = "8";
        Assert.Equal("Invalid", Load(ContentForm.SortedSetListpack, Pack([.. many])));
    }

    [Fact]
    public void A_cut_or_damaged_listpack_never_makes_an_unsound_set()
    {
        const int seed = 12;
        var random = new Random(seed);
        for (var length = 0; length < Good.Length; length++)
        {
            var cut = Good[..length];
            if (length >= 4) BinaryPrimitives.WriteInt32LittleEndian(cut, length);
            if (length > 6) cut[^1] = 0xFF;
            Assert.Equal("Invalid", Load(ContentForm.SortedSetListpack, cut));
        }

        var accepted = 0;
        for (var round = 0; round < 3000; round++)
        {
            var bytes = Good.ToArray();
            for (var changes = random.Next(1, 3); changes > 0; changes--)
                bytes[random.Next(4, bytes.Length - 1)] = (byte)random.Next(256);
            if (Load(ContentForm.SortedSetListpack, bytes) != "Invalid") accepted++;
        }

        Assert.InRange(accepted, 50, 2500);
    }

    private static byte[] Text(string text) => Encoding.Latin1.GetBytes(text);

    private static List<byte[]> Texts(params string[] texts) => [.. texts.Select(Text)];

    private static byte[] Pack(params string[] texts) => ListpackTests.Make(Texts(texts));

    private static byte[] Score(double score) => BitConverter.GetBytes(score);

    private static string Load(ContentForm form, params object[] pieces)
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions());
        var key = keyspace.Key("zset"u8);
        keyspace[0].SetString(key, "x"u8, Entry.NoExpiry, 0);
        keyspace[0].Remove(key);
        var empty = keyspace.UsedBytes;
        var outcome = keyspace[0].Load(key.Slot, form, new ContentRecorder(pieces), out var value);
        if (outcome != ContentOutcome.Read)
        {
            Assert.Equal(empty, keyspace.UsedBytes);
            return outcome.ToString();
        }

        keyspace[0].Put(key, value, Entry.NoExpiry, 0);
        Assert.True(keyspace[0].TryFind(key, out var entry));
        SortedSetChecker.Check(entry, ValueOptions.Default);
        return ContentRecorder.Of(entry);
    }
}
