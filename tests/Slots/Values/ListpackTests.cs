using System.Globalization;
using System.Text;
using Starling.Slots.Values;

namespace Starling.Slots.Tests.Values;

public sealed unsafe class ListpackTests
{
    /// <summary>What redis-server 7.0 wrote.</summary>
    [Theory]
    [InlineData("", "8001")]
    [InlineData("0", "0001")]
    [InlineData("127", "7F01")]
    [InlineData("128", "C08002")]
    [InlineData("-1", "DFFF02")]
    [InlineData("4095", "CFFF02")]
    [InlineData("-4096", "D00002")]
    [InlineData("4096", "F1001003")]
    [InlineData("-32768", "F1008003")]
    [InlineData("32768", "F200800004")]
    [InlineData("-8388608", "F200008004")]
    [InlineData("8388608", "F30000800005")]
    [InlineData("-2147483648", "F30000008005")]
    [InlineData("2147483648", "F4000000800000000009")]
    [InlineData("-9223372036854775808", "F4000000000000008009")]
    [InlineData("9223372036854775808", "9339323233333732303336383534373735383038 14")]
    [InlineData("ab", "82616203")]
    [InlineData("00", "82303003")]
    public void An_element_is_encoded_as_redis_server_does(string element, string expected)
    {
        var bytes = Encoding.ASCII.GetBytes(element);
        var entry = new byte[Listpack.EntryLength(bytes)];
        fixed (byte* at = entry) Listpack.Write(at, bytes);
        Assert.Equal(expected.Replace(" ", "", StringComparison.Ordinal), Convert.ToHexString(entry));
    }

    /// <summary>The lengths at which redis-server 7.0 takes one byte more, as seen in its payloads.</summary>
    [Theory]
    [InlineData(125, "7F")]
    [InlineData(126, "0180")]
    [InlineData(16377, "7FFE")]
    [InlineData(16378, "00FFFF")]
    [InlineData(16379, "018080")]
    [InlineData(2097145, "7FFFFE")]
    [InlineData(2097146, "00FFFFFF")]
    [InlineData(2097147, "01808080")]
    public void The_length_behind_an_entry_is_written_as_redis_server_does(int length, string expected)
    {
        var element = new byte[length];
        Array.Fill(element, (byte)'x');
        var entry = new byte[Listpack.EntryLength(element)];
        fixed (byte* at = entry)
        {
            Listpack.Write(at, element);
            Assert.EndsWith("78" + expected, Convert.ToHexString(entry.AsSpan(entry.Length - 6)), StringComparison.Ordinal);
            Assert.Equal(entry.Length, Listpack.EntryLength(at));
            Assert.Equal(entry.Length, Listpack.EntryLengthBefore(at + entry.Length));
        }
    }

    [Fact]
    public void Every_element_comes_back_as_it_was()
    {
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        foreach (var element in Samples())
        {
            var entry = new byte[Listpack.EntryLength(element)];
            fixed (byte* at = entry)
            {
                Listpack.Write(at, element);
                Assert.Equal(entry.Length, Listpack.EntryLength(at));
                Assert.Equal(entry.Length, Listpack.EntryLengthBefore(at + entry.Length));
                Assert.Equal(element, Listpack.Read(at).Text(scratch).ToArray());
                Assert.True(Listpack.Read(at).Equals(new ListNeedle(element)));
                Assert.False(Listpack.Read(at).Equals(new ListNeedle([.. element, 1])));
            }
        }
    }

    [Fact]
    public void A_cut_listpack_is_not_sound()
    {
        var good = Make(["a"u8.ToArray(), "1234"u8.ToArray(), new byte[300], new byte[5000], "-5"u8.ToArray()]);
        Assert.True(Listpack.IsSound(good, out var count));
        Assert.Equal(5, count);
        for (var length = 0; length < good.Length; length++)
        {
            var cut = good[..length];
            if (length >= 4) BitConverter.TryWriteBytes(cut, length);
            if (length >= Listpack.EmptyBytes) cut[^1] = Listpack.End;
            Assert.False(Listpack.IsSound(cut, out _));
        }
    }

    [Fact]
    public void A_damaged_listpack_is_refused_or_can_be_walked()
    {
        const int seed = 11;
        var random = new Random(seed);
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        var good = Make([.. Samples().Where(x => x.Length < 200)]);
        var accepted = 0;
        for (var round = 0; round < 10_000; round++)
        {
            var bytes = good.ToArray();
            for (var changes = random.Next(1, 4); changes > 0; changes--)
                bytes[random.Next(Listpack.HeaderBytes, bytes.Length)] = (byte)random.Next(256);
            if (!Listpack.IsSound(bytes, out var count)) continue;
            accepted++;
            fixed (byte* start = bytes)
            {
                var at = start + Listpack.HeaderBytes;
                for (var i = 0; i < count; i++)
                {
                    Listpack.Read(at).Text(scratch);
                    at += Listpack.EntryLength(at);
                    Assert.True(at < start + bytes.Length, $"seed {seed}");
                }

                for (var i = 0; i < count; i++) at -= Listpack.EntryLengthBefore(at);
                Assert.True(at == start + Listpack.HeaderBytes, $"seed {seed}");
            }
        }

        Assert.True(accepted > 20);
    }

    internal static byte[] Make(List<byte[]> elements)
    {
        var bytes = new byte[Listpack.EmptyBytes + elements.Sum(x => Listpack.EntryLength(x))];
        fixed (byte* start = bytes)
        {
            Listpack.WriteHeader(start, bytes.Length, elements.Count);
            var at = start + Listpack.HeaderBytes;
            foreach (var element in elements)
            {
                Listpack.Write(at, element);
                at += Listpack.EntryLength(at);
            }

            *at = Listpack.End;
        }

        return bytes;
    }

    private static IEnumerable<byte[]> Samples()
    {
        for (var bit = 0; bit < 64; bit++)
        {
            foreach (var number in new[] { 1L << bit, (1L << bit) - 1, -(1L << bit), -(1L << bit) - 1, (1L << bit) + 1 })
                yield return Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture));
        }

        foreach (var length in new[] { 0, 1, 62, 63, 64, 65, 124, 125, 126, 127, 4094, 4095, 4096, 4097, 16376, 16377, 16378, 16379, 70_000 })
        {
            var text = new byte[length];
            Array.Fill(text, (byte)'t');
            yield return text;
        }

        foreach (var text in new[] { "-0", "+1", "01", " 1", "1 ", "-", "99999999999999999999", "9223372036854775808", "-9223372036854775809", "1.0" })
            yield return Encoding.ASCII.GetBytes(text);
    }
}
