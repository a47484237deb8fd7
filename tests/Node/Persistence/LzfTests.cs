using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Starling.Node.Persistence;

namespace Starling.Node.Tests.Persistence;

public sealed class LzfTests
{
    [Fact]
    public void What_was_compressed_decompresses()
    {
        var compressor = new LzfCompressor();
        Prop.ForAll(Repetitive(), text => RoundTrips(compressor, text)).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData(21)]
    [InlineData(264)]
    [InlineData(265)]
    [InlineData(8192)]
    [InlineData(8193)]
    [InlineData(100_000)]
    public void Runs_of_one_byte_shrink_and_come_back(int length)
    {
        var text = new byte[length];
        Array.Fill(text, (byte)'a');
        var output = new byte[length];
        var written = new LzfCompressor().Compress(text, output);
        Assert.InRange(written, 1, Math.Max(8, length / 50));
        Assert.True(RoundTrips(new LzfCompressor(), text));
    }

    [Fact]
    public void Far_repetitions_are_not_referenced_beyond_the_window()
    {
        var random = new Random(7);
        var text = new byte[20_000];
        random.NextBytes(text);
        text.AsSpan(0, 100).CopyTo(text.AsSpan(8192));
        text.AsSpan(0, 100).CopyTo(text.AsSpan(8191 + 300));
        Assert.True(RoundTrips(new LzfCompressor(), text));
    }

    [Fact]
    public void Random_bytes_do_not_compress()
    {
        var text = new byte[1000];
        new Random(1).NextBytes(text);
        Assert.Equal(0, new LzfCompressor().Compress(text, new byte[996]));
    }

    [Fact]
    public void Reads_what_liblzf_wrote()
    {
        // 100 times 'a' as redis-server 7.0 writes it to an RDB file.
        byte[] compressed = [0x01, (byte)'a', (byte)'a', 0xE0, 0x57, 0x00, 0x01, (byte)'a', (byte)'a'];
        var output = new byte[100];
        Assert.True(Lzf.TryDecompress(compressed, output));
        Assert.Equal(new string('a', 100), Encoding.ASCII.GetString(output));
    }

    [Fact]
    public void Bad_data_is_refused_and_never_throws()
    {
        var random = new Random(20240607);
        var output = new byte[300];
        for (var i = 0; i < 100_000; i++)
        {
            var input = new byte[random.Next(40)];
            random.NextBytes(input);
            Lzf.TryDecompress(input, output.AsSpan(0, random.Next(output.Length)));
        }
    }

    [Fact]
    public void A_length_that_does_not_fit_is_refused()
    {
        byte[] compressed = [0x01, (byte)'a', (byte)'a', 0xE0, 0x57, 0x00, 0x01, (byte)'a', (byte)'a'];
        Assert.False(Lzf.TryDecompress(compressed, new byte[99]));
        Assert.False(Lzf.TryDecompress(compressed, new byte[101]));
    }

    private static bool RoundTrips(LzfCompressor compressor, byte[] text)
    {
        var output = new byte[text.Length + (text.Length / 32) + 8];
        var written = compressor.Compress(text, output);
        if (written == 0) return text.Length < 4;
        var back = new byte[text.Length];
        return Lzf.TryDecompress(output.AsSpan(0, written), back) && back.AsSpan().SequenceEqual(text);
    }

    private static Arbitrary<byte[]> Repetitive() =>
        Gen.Choose(0, 3000).SelectMany(length => Gen.Choose(1, 6).SelectMany(alphabet =>
            Gen.Choose(0, alphabet).ArrayOf(length).Select(letters => letters.Select(letter => (byte)letter).ToArray())))
            .ToArbitrary();
}
