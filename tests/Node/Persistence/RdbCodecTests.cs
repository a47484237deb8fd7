using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Starling.Node.Persistence;

namespace Starling.Node.Tests.Persistence;

public sealed class RdbCodecTests
{
    [Fact]
    public void What_was_written_is_read() =>
        Prop.ForAll(Entries(), entries =>
        {
            foreach (var compression in new[] { true, false })
            {
                var bytes = RdbBytes.Make(entries, compression, checksum: compression);
                if (!entries.SequenceEqual(RdbBytes.Read(bytes, out _) ?? [])) return false;
            }

            return true;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Every_length_around_a_boundary_is_read()
    {
        int[] lengths = [0, 1, 10, 11, 12, 20, 21, 63, 64, 16383, 16384, 32767, 32768, 32769, 65535, 65536, 65537, 200_000, 3_000_000];
        var random = new Random(3);
        var entries = new List<RdbEntry>();
        foreach (var length in lengths)
        {
            var noise = new byte[length];
            random.NextBytes(noise);
            var text = new byte[length];
            for (var i = 0; i < length; i++) text[i] = (byte)('a' + random.Next(3));
            entries.Add(new RdbEntry(0, Encoding.ASCII.GetBytes($"noise{length}"), noise));
            entries.Add(new RdbEntry(0, Encoding.ASCII.GetBytes($"text{length}"), text));
            if (length is > 0 and < 70_000) entries.Add(new RdbEntry(0, noise, text, 1));
        }

        Assert.Equal(entries, RdbBytes.Read(RdbBytes.Make(entries), out _));
    }

    [Theory]
    [InlineData("0", 2)]
    [InlineData("-1", 2)]
    [InlineData("127", 2)]
    [InlineData("-128", 2)]
    [InlineData("128", 3)]
    [InlineData("32767", 3)]
    [InlineData("-32769", 5)]
    [InlineData("2147483647", 5)]
    [InlineData("-2147483648", 5)]
    [InlineData("2147483648", 11)]
    [InlineData("007", 4)]
    [InlineData("-0", 3)]
    [InlineData("+1", 3)]
    [InlineData(" 1", 3)]
    [InlineData("1 ", 3)]
    [InlineData("", 1)]
    public void Canonical_integers_of_32_bits_take_few_bytes(string text, int expected)
    {
        var head = new byte[RdbStringEncoder.MaximumHead];
        var body = new RdbStringEncoder().Encode(Encoding.ASCII.GetBytes(text), compression: true, head, out var length);
        Assert.Equal(expected, length + body.Length);
        var entry = new RdbEntry("key", text);
        Assert.Equal([entry], RdbBytes.Read(RdbBytes.Make([entry]), out _));
    }

    [Fact]
    public void Header_has_the_fields_of_Redis_in_order()
    {
        var position = new ReplicationPosition(new string('a', 40), 12345, 0);
        var bytes = RdbBytes.Make(writer => writer.StandardFields(1_700_000_000_123, 1 << 20, position));
        var reader = new RdbReader(new MemoryStream(bytes), verifyChecksum: true);
        var fields = new List<string>();
        while (reader.Read() == RdbItem.Auxiliary)
            fields.Add(Encoding.ASCII.GetString(reader.Key) + "=" + Encoding.ASCII.GetString(reader.Value));
        Assert.Equal(
            ["redis-ver=7.2.4", "redis-bits=64", "ctime=1700000000", "used-mem=1048576", "repl-stream-db=0",
                "repl-id=" + new string('a', 40), "repl-offset=12345", "aof-base=0"],
            fields);
        Assert.Equal(10, reader.Version);
    }

    [Fact]
    public void Old_versions_without_checksum_are_read()
    {
        byte[] bytes = [.. "REDIS0001"u8, 0xFE, 3, 0xFD, 1, 0, 0, 0, 0, 1, (byte)'k', 2, (byte)'v', (byte)'w', 0xFF];
        Assert.Equal([new RdbEntry("k", "vw", 1000, 3)], RdbBytes.Read(bytes, out _));
    }

    [Fact]
    public void Every_known_opcode_is_read()
    {
        byte[] body =
        [
            .. "REDIS0012"u8,
            0xFE, 0x80, 0, 0, 0, 2,                                     // SELECTDB 2 as a 32-bit length
            0xFB, 0x81, 0, 0, 0, 0, 0, 0, 0, 1, 0x40, 0x00,             // RESIZEDB 1 0 as 64 and 14-bit lengths
            0xF4, 1, 2, 3,                                              // SLOT_INFO
            0xFA, 1, (byte)'%', 0xC0, 7,                                // AUX, the value as an 8-bit integer
            0xF7, 0x81, 1, 2, 3, 4, 5, 6, 7, 8, 2, 1,                   // MODULE_AUX: id, when
            1, 5, 2, 6, 3, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 5, 1, (byte)'x', 0,
            0xF8, 5, 0xF9, 200, 0xFC, 1, 0, 0, 0, 0, 0, 0, 0,           // IDLE 5, FREQ 200, EXPIRETIME_MS 1
            0, 1, (byte)'k', 0xC1, 0xFE, 0xFF,                          // string k = -2
            0xFF,
        ];
        var bytes = WithChecksum(body);
        var reader = new RdbReader(new MemoryStream(bytes), verifyChecksum: true);
        Assert.Equal(RdbItem.ResizeDatabase, reader.Read());
        Assert.Equal(RdbItem.Auxiliary, reader.Read());
        Assert.Equal("7"u8.ToArray(), reader.Value.ToArray());
        Assert.Equal(RdbItem.ModuleAuxiliary, reader.Read());
        Assert.Equal(RdbItem.Entry, reader.Read());
        Assert.Equal((2UL, 1L, 5L, 200), (reader.Database, reader.ExpiresAt, reader.IdleSeconds, reader.Frequency));
        Assert.True(reader.TakeContent().TryText(out var text));
        Assert.Equal("-2"u8.ToArray(), text.ToArray());
        Assert.Equal(RdbItem.End, reader.Read());
        Assert.Equal(bytes.Length, reader.Position);
    }

    [Fact]
    public void Bytes_behind_the_end_are_kept_for_the_caller()
    {
        var rdb = RdbBytes.Make([new RdbEntry("a", "b")]);
        var reader = new RdbReader(new MemoryStream([.. rdb, .. "*1\r\n$4\r\nPING\r\n"u8]), verifyChecksum: true);
        Assert.NotNull(RdbBytes.ReadAll(reader));
        Assert.Equal("*1\r\n$4\r\nPING\r\n"u8.ToArray(), reader.Unread.ToArray());
        Assert.Equal(rdb.Length, reader.Position);
    }

    [Fact]
    public void A_stream_that_trickles_is_read()
    {
        RdbEntry[] entries = [new("key", new string('x', 1000)), new("other", "12", 99)];
        var reader = new RdbReader(new TricklingStream(RdbBytes.Make(entries)), verifyChecksum: true);
        Assert.Equal(entries, RdbBytes.ReadAll(reader));
    }

    [Fact]
    public void Zero_checksum_means_unchecked()
    {
        Assert.NotNull(RdbBytes.Read(RdbBytes.Make([new RdbEntry("a", "b")], checksum: false), out var reader));
        Assert.True(reader.LacksChecksum);
    }

    internal static byte[] WithChecksum(byte[] body)
    {
        var checksum = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(checksum, Crc64.Append(0, body));
        return [.. body, .. checksum];
    }

    private static Arbitrary<RdbEntry[]> Entries()
    {
        var text = Gen.OneOf(
            Gen.Choose(int.MinValue, int.MaxValue).Select(number => number.ToString(CultureInfo.InvariantCulture)),
            Gen.Choose(-300, 300).Select(number => number.ToString(CultureInfo.InvariantCulture)),
            Gen.Choose(0, 400).Select(length => new string('z', length)),
            Gen.Choose(97, 100).ArrayOf().Select(letters => string.Concat(letters.Select(letter => (char)letter))),
            ArbMap.Default.GeneratorFor<string>().Select(any => any ?? ""));
        var entry =
            from key in text
            from value in text
            from database in Gen.Choose(0, 20)
            from expiry in Gen.OneOf(Gen.Constant(-1L), Gen.Choose(0, int.MaxValue).Select(number => number * 1000L))
            select new RdbEntry(key, value, expiry, database);
        return entry.ArrayOf().ToArbitrary();
    }

    private sealed class TricklingStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(1, buffer.Length)]);
    }
}
