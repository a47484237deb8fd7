using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Starling.Resp.Tests;

public sealed class RequestReaderTests
{
    private static readonly string[] Corpus =
    [
        "*1\r\n$4\r\nPING\r\n",
        "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nv\r\nue\r\n*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n",
        "PING\r\n\n\r\nECHO \"a\\x41\\n\" 'it\\'s'\n*0\r\n*-1\r\nPING\r\n",
        "*2\r\n$0\r\n\r\n$12\r\n123456789012\r\n",
        "*2\r\n$4\r\nPING\r\nx3\r\n", "*a\r\n", "*1\r\n$-1\r\n", "*1\r\n$x\r\n", "SET 'unbalanced\r\n", "SET \"a\"b\r\n",
        "*2147483648\r\n", "*1\r\n:3\r\n", "*\r\n", "*1\r\n\r\n",
    ];

    private static ReadOnlySpan<byte> Encode(string[] arguments)
    {
        var writer = new RespWriter();
        writer.Array(arguments.Length);
        foreach (var argument in arguments) writer.Bulk(Encoding.Latin1.GetBytes(argument));
        return writer.ToArray();
    }

    private static List<string> Read(byte[] bytes, IEnumerable<int> pieces, Action<RequestReader>? configure = null)
    {
        var reader = new RequestReader();
        configure?.Invoke(reader);
        var arguments = new ArgumentList();
        var result = new List<string>();
        var held = 0; // bytes of the command under way
        var at = 0;
        foreach (var piece in pieces)
        {
            // Every piece goes to a buffer of its own, behind what was left: nothing may depend on the place.
            var buffer = new byte[7 + held + piece];
            bytes.AsSpan(at - held, held + piece).CopyTo(buffer.AsSpan(7));
            at += piece;
            var start = 7;
            while (true)
            {
                var status = reader.Read(buffer, ref start, buffer.Length, arguments);
                if (status == RequestStatus.Malformed)
                {
                    result.Add("-" + reader.Error);
                    return result;
                }

                if (status == RequestStatus.Incomplete) break;
                result.Add(Text(arguments));
            }

            held = buffer.Length - start;
        }

        return result;
    }

    private static string Text(ArgumentList arguments)
    {
        var parts = new List<string>();
        for (var i = 0; i < arguments.Count; i++) parts.Add(Encoding.Latin1.GetString(arguments[i]));
        return string.Join("|", parts);
    }

    private static List<string> Whole(string text, Action<RequestReader>? configure = null)
    {
        var bytes = Encoding.Latin1.GetBytes(text);
        return Read(bytes, [bytes.Length], configure);
    }

    [Fact]
    public void Every_input_cut_at_every_byte_reads_the_same()
    {
        foreach (var text in Corpus)
        {
            var bytes = Encoding.Latin1.GetBytes(text);
            var whole = Read(bytes, [bytes.Length]);
            for (var cut = 1; cut < bytes.Length; cut++) Assert.Equal(whole, Read(bytes, [cut, bytes.Length - cut]));
            Assert.Equal(whole, Read(bytes, Enumerable.Repeat(1, bytes.Length)));
        }
    }

    [Fact]
    public void Commands_of_any_bytes_round_trip_in_any_pieces()
    {
        var arguments = Gen.NonEmptyListOf(
            Gen.Choose(0, 300).SelectMany(length => Gen.ArrayOf(Gen.Choose(0, 255), length))
                .Select(codes => new string([.. codes.Select(code => (char)code)])));
        var commands = Gen.NonEmptyListOf(arguments.Select(list => list.ToArray()));
        var cuts = Gen.NonEmptyListOf(Gen.Choose(1, 400));
        Prop.ForAll(commands.ToArbitrary(), cuts.ToArbitrary(), (list, pieces) =>
        {
            var stream = new List<byte>();
            foreach (var command in list) stream.AddRange(Encode(command));
            var lengths = new List<int>();
            var left = stream.Count;
            for (var i = 0; left > 0; i++)
            {
                var piece = Math.Min(left, pieces[i % pieces.Count]);
                lengths.Add(piece);
                left -= piece;
            }

            var read = Read([.. stream], lengths);
            return read.SequenceEqual(list.Select(command => string.Join("|", command)));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Mutated_streams_read_the_same_whole_and_in_pieces()
    {
        const int Seed = 20240611;
        var random = new Random(Seed);
        for (var round = 0; round < 20000; round++)
        {
            var bytes = Encoding.Latin1.GetBytes(string.Concat(Corpus[random.Next(Corpus.Length)], Corpus[random.Next(Corpus.Length)]));
            for (var i = random.Next(4); i >= 0; i--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            var cut = random.Next(1, bytes.Length);
            Assert.Equal(Read(bytes, [bytes.Length]), Read(bytes, [cut, bytes.Length - cut]));
        }
    }

    [Theory]
    [InlineData("*a\r\n", "invalid multibulk length")]
    [InlineData("*2147483648\r\n", "invalid multibulk length")]
    [InlineData("*+1\r\n", "invalid multibulk length")]
    [InlineData("*1\r\n$-1\r\n", "invalid bulk length")]
    [InlineData("*1\r\n$536870913\r\n", "invalid bulk length")]
    [InlineData("*1\r\n:1\r\n", "expected '$', got ':'")]
    [InlineData("PING \"x\r\n", "unbalanced quotes in request")]
    public void Errors_are_those_of_Redis(string text, string error) =>
        Assert.Equal(["-ERR Protocol error: " + error], Whole(text));

    [Fact]
    public void Lines_without_end_are_refused()
    {
        var filler = new string('1', RequestReader.MaxLineLength + 1);
        Assert.Equal(["-ERR Protocol error: too big mbulk count string"], Whole("*" + filler));
        Assert.Equal(["-ERR Protocol error: too big bulk count string"], Whole("*1\r\n$" + filler));
        Assert.Equal(["-ERR Protocol error: too big inline request"], Whole(filler));
    }

    [Fact]
    public void Long_commands_are_refused_before_authentication()
    {
        static void Strangers(RequestReader reader) => reader.Unauthenticated = true;
        Assert.Equal(["-ERR Protocol error: unauthenticated multibulk length"], Whole("*11\r\n", Strangers));
        Assert.Equal(["-ERR Protocol error: unauthenticated bulk length"], Whole("*1\r\n$16385\r\n", Strangers));
        Assert.Empty(Whole("*10\r\n$16384\r\n", Strangers));
    }

    [Fact]
    public void The_longest_argument_is_configurable()
    {
        static void Short(RequestReader reader) => reader.MaxBulkLength = 3;
        Assert.Equal(["abc"], Whole("*1\r\n$3\r\nabc\r\n", Short));
        Assert.Equal(["-ERR Protocol error: invalid bulk length"], Whole("*1\r\n$4\r\nabcd\r\n", Short));
        Assert.Equal(["-ERR Protocol error: invalid bulk length"], Whole("*1\r\n$11\r\nabcdabcdabc\r\n", Short));
    }

    [Theory]
    [InlineData("set k \"a\\r\\n\\t\\b\\a\\x00\\\\\\\"\\q\"\r\n", "set|k|a\r\n\t\b\a\0\\\"q")]
    [InlineData("a '' \"\"  b\t\v\fc\r\n", "a|||b|c")]
    [InlineData("a'b' \r\n", "ab")]
    [InlineData("'\\'\\n'\n", "'\\n")]
    public void Inline_arguments_are_split_as_by_Redis(string text, string expected) => Assert.Equal([expected], Whole(text));

    [Fact]
    public void A_long_argument_in_many_pieces_is_not_scanned_again()
    {
        // Quadratic work would take minutes here.
        var bytes = new byte[32 * 1024 * 1024];
        var head = "*1\r\n$33554410\r\n"u8;
        head.CopyTo(bytes);
        var end = head.Length + 33554410;
        var reader = new RequestReader();
        var arguments = new ArgumentList();
        var start = 0;
        for (var have = 16; have < end + 2; have += 61)
            Assert.Equal(RequestStatus.Incomplete, reader.Read(bytes, ref start, Math.Min(have, bytes.Length), arguments));
        bytes = [.. bytes, 0, 0];
        Assert.Equal(RequestStatus.Command, reader.Read(bytes, ref start, end + 2, arguments));
        Assert.Equal(33554410, arguments[0].Length);
    }

    [Theory]
    [InlineData("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", true)]
    [InlineData("*1\r\n$120\r\n{120}\r\n", true)]
    [InlineData("\r\n*1\r\n$4\r\nPING\r\n", true)]
    [InlineData("*2\rX$3\r\nGET\r\n$1\r\nk\r\n", false)]
    [InlineData("*2\r\n$3\rXGET\r\n$1\r\nk\r\n", false)]
    [InlineData("*2\r\n$3\r\nGETXX$1\r\nk\r\n", false)]
    [InlineData("*2\r\n$3\r\nGET\r\n$1\r\nkXX", false)]
    [InlineData("*1\r\n$120\rX{120}\r\n", false)]
    [InlineData("GET k\r\n", false)]
    public void A_command_is_known_as_a_whole_when_it_came_as_it_would_be_written(string text, bool isWhole)
    {
        var bytes = System.Text.Encoding.Latin1.GetBytes(text.Replace("{120}", new string('a', 120), StringComparison.Ordinal));
        var written = text.StartsWith("\r\n", StringComparison.Ordinal) ? bytes.AsSpan(2) : bytes;
        for (var cut = 0; cut < bytes.Length; cut++)
        {
            var reader = new RequestReader();
            var arguments = new ArgumentList();
            var start = 0;
            if (cut > 0) Assert.Equal(RequestStatus.Incomplete, reader.Read(bytes, ref start, cut, arguments));
            Assert.Equal(RequestStatus.Command, reader.Read(bytes, ref start, bytes.Length, arguments));
            Assert.True(arguments.Whole.SequenceEqual(isWhole ? written : default), $"cut at {cut}");
            var copy = new ArgumentList();
            copy.CopyFrom(arguments);
            Assert.True(copy.Whole.IsEmpty);
        }
    }
}
