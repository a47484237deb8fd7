using Starling.Node.Persistence;

namespace Starling.Node.Tests.Persistence;

public sealed class RdbRefusalTests
{
    private const string ShortRead = "Short read or OOM loading DB. Unrecoverable error, aborting now.";

    private static readonly RdbEntry[] Sample =
    [
        new("plain", "some value"), new("integer", "-70000"), new("long", new string('a', 300) + new string('b', 300), 1_900_000_000_000),
        new("other", "database", 5, 3),
    ];

    [Fact]
    public void Every_truncation_is_refused()
    {
        var bytes = RdbBytes.Make(Sample);
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Null(RdbBytes.Read(bytes[..length], out var reader));
            Assert.Equal(ShortRead, reader.Error);
        }
    }

    [Theory]
    [InlineData("RADIS0010")]
    [InlineData("*1\r\n$4\r\nPING\r\n")]
    [InlineData("REDISOCKS...")]
    public void Another_signature_is_refused(string start)
    {
        Assert.Null(RdbBytes.Read(System.Text.Encoding.ASCII.GetBytes(start), out var reader));
        var expected = start.StartsWith("REDIS", StringComparison.Ordinal)
            ? "Can't handle RDB format version 0"
            : "Wrong signature trying to load DB from file";
        Assert.Equal(expected, reader.Error);
    }

    [Theory]
    [InlineData("REDIS0000", 0)]
    [InlineData("REDIS0079", 79)]
    [InlineData("REDIS9999", 9999)]
    [InlineData("VALKEY079", 79)]
    public void Unknown_versions_are_refused(string start, int version)
    {
        Assert.Null(RdbBytes.Read(System.Text.Encoding.ASCII.GetBytes(start), out var reader));
        Assert.Equal($"Can't handle RDB format version {version}", reader.Error);
    }

    [Fact]
    public void Wrong_checksum_is_refused_in_the_words_of_Redis()
    {
        var bytes = RdbBytes.Make(Sample);
        bytes[^1] ^= 1;
        Assert.Null(RdbBytes.Read(bytes, out var reader));
        var expected = Crc64.Append(0, bytes.AsSpan()[..^8]);
        Assert.Equal(
            $"Wrong RDB checksum expected: ({expected:x}) but got ({BitConverter.ToUInt64(bytes, bytes.Length - 8):x}). Aborting now.",
            reader.Error);
        Assert.Equal("RDB CRC error", reader.Detail);
    }

    [Fact]
    public void Every_single_bit_error_is_refused()
    {
        var bytes = RdbBytes.Make(Sample);
        for (var at = 0; at < bytes.Length; at++)
        {
            for (var bit = 0; bit < 8; bit++)
            {
                bytes[at] ^= (byte)(1 << bit);
                Assert.Null(RdbBytes.Read(bytes, out _));
                bytes[at] ^= (byte)(1 << bit);
            }
        }
    }

    [Fact]
    public void Mutations_never_throw_hang_or_take_much_memory()
    {
        const int Seed = 99;
        var random = new Random(Seed);
        var good = RdbBytes.Make(Sample);
        var before = GC.GetAllocatedBytesForCurrentThread();
        const int Rounds = 20_000;
        for (var round = 0; round < Rounds; round++)
        {
            var bytes = good.ToArray();
            for (var count = random.Next(1, 6); count > 0; count--)
                bytes[random.Next(9, bytes.Length)] = (byte)random.Next(256);
            if (random.Next(3) == 0) bytes = bytes[..random.Next(9, bytes.Length)];
            var reader = new RdbReader(new MemoryStream(bytes), verifyChecksum: false);
            while (reader.Read() is not (RdbItem.End or RdbItem.Failed))
                Assert.True(reader.Position <= bytes.Length);
        }

        // The reader's own buffer is 64 KiB; a growth step 1 MiB. A lying length would show as hundreds of MB.
        var average = (GC.GetAllocatedBytesForCurrentThread() - before) / Rounds;
        Assert.True(average < 1_500_000, $"{average} bytes a round, seed {Seed}");
    }

    [Theory]
    [InlineData(new byte[] { 0x80, 0x7F, 0xFF, 0xFF, 0xFF })]
    [InlineData(new byte[] { 0x81, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF })]
    [InlineData(new byte[] { 0x81, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF })]
    [InlineData(new byte[] { 0xC3, 0x01, 0x80, 0x7F, 0xFF, 0xFF, 0xFF, 0x00 })]
    [InlineData(new byte[] { 0xC3, 0x80, 0x7F, 0xFF, 0xFF, 0xFF, 0x80, 0x7F, 0xFF, 0xFF, 0xFF })]
    public void A_lying_length_allocates_nothing_of_it(byte[] length)
    {
        byte[] bytes = [.. "REDIS0010"u8, 0xFE, 0, 0, .. length, .. "abc"u8];
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Null(RdbBytes.Read(bytes, out var reader));
        Assert.Equal(ShortRead, reader.Error);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4_000_000);
    }

    [Theory]
    [InlineData(6, "module value")]
    [InlineData(7, "module value")]
    public void Values_of_other_types_are_refused_by_name_and_key(byte type, string name)
    {
        byte[] bytes = [.. "REDIS0010"u8, 0xFE, 7, type, 5, .. "mykey"u8, 1, 1, (byte)'x', 0xFF];
        Assert.Null(RdbBytes.Read(bytes, out var reader));
        Assert.Equal($"The RDB file contains a {name} (type {type}) I can't load: key 'mykey' in DB 7", reader.Detail);
    }

    [Fact]
    public void Functions_of_the_format_before_the_release_are_refused_and_named()
    {
        byte[] bytes = [.. "REDIS0010"u8, 0xF6, 1, (byte)'x', 0xFF];
        Assert.Null(RdbBytes.Read(bytes, out var reader));
        Assert.Equal("Pre-release function format not supported.", reader.Detail);
    }

    [Fact]
    public void A_stream_that_fails_is_a_short_read()
    {
        var reader = new RdbReader(new FailingStream(), verifyChecksum: true);
        Assert.Equal(RdbItem.Failed, reader.Read());
        Assert.Equal(ShortRead, reader.Error);
        Assert.Equal("connection reset", reader.Detail);
    }

    private sealed class FailingStream : MemoryStream
    {
        public override int Read(Span<byte> buffer) => throw new IOException("connection reset");
    }
}
