using System.Diagnostics;
using System.Text;

namespace Starling.Resp.Tests;

public sealed class RespWriterTests
{
    private static string Write(int protocol, Action<RespWriter> write)
    {
        var writer = new RespWriter { Protocol = protocol };
        write(writer);
        var text = Encoding.Latin1.GetString(writer.ToArray());
        Assert.Equal(text.Length, writer.Length);
        writer.Clear();
        Assert.Equal(0, writer.Length);
        return text;
    }

    private static void AssertBoth(string two, string three, Action<RespWriter> write)
    {
        Assert.Equal(two, Write(2, write));
        Assert.Equal(three, Write(3, write));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 100)]
    [InlineData(3, 100)]
    [InlineData(0, 100_000)]
    [InlineData(3, 100_000)]
    [InlineData(40_000, 100_000)]
    public void What_another_writer_holds_is_appended_in_order_and_taken_from_it(int before, int length)
    {
        var first = new string('a', before);
        var second = string.Concat(Enumerable.Range(0, length / 10).Select(i => $"{i:D10}"));
        Assert.Equal(first + second + "end", Write(2, writer =>
        {
            writer.Raw(Encoding.ASCII.GetBytes(first));
            var other = new RespWriter();
            for (var at = 0; at < second.Length; at += 1000)
                other.Raw(Encoding.ASCII.GetBytes(second.Substring(at, Math.Min(1000, second.Length - at))));
            writer.Append(other);
            Assert.Equal(0, other.Length);
            other.Raw("other"u8);
            other.Clear();
            writer.Raw("end"u8);
        }));
    }

    [Fact]
    public void Types_are_written_as_Redis_writes_them_in_both_protocols()
    {
        AssertBoth("+OK\r\n", "+OK\r\n", w => w.Simple("OK"u8));
        AssertBoth("-ERR a  b\r\n", "-ERR a  b\r\n", w => w.Error("ERR a\r\nb"u8));
        AssertBoth("-ERR a\r\n", "-ERR a\r\n", w => w.Error("ERR a\n\r"u8));
        AssertBoth(":-12\r\n", ":-12\r\n", w => w.Integer(-12));
        AssertBoth("$3\r\nabc\r\n", "$3\r\nabc\r\n", w => w.Bulk("abc"u8));
        AssertBoth("$2\r\n\u00c3\u00a9\r\n", "$2\r\n\u00c3\u00a9\r\n", w => w.Bulk("é"));
        AssertBoth("$2\r\n42\r\n", "$2\r\n42\r\n", w => w.BulkInteger(42));
        AssertBoth("$-1\r\n", "_\r\n", w => w.Null());
        AssertBoth("*-1\r\n", "_\r\n", w => w.NullArray());
        AssertBoth("*2\r\n", "*2\r\n", w => w.Array(2));
        AssertBoth("*4\r\n", "%2\r\n", w => w.Map(2));
        AssertBoth("*2\r\n", "~2\r\n", w => w.Set(2));
        AssertBoth("*2\r\n", ">2\r\n", w => w.Push(2));
        AssertBoth("$3\r\n1.5\r\n", ",1.5\r\n", w => w.Double(1.5));
        AssertBoth(":1\r\n", "#t\r\n", w => w.Boolean(true));
        AssertBoth("$2\r\nhi\r\n", "=6\r\ntxt:hi\r\n", w => w.Verbatim("txt"u8, "hi"u8));
    }

    [Fact]
    public void An_array_of_unknown_length_gets_its_head_wherever_it_ends()
    {
        foreach (var count in new[] { 0, 1, 10, 5000 })
        {
            var expected = new StringBuilder("+before\r\n*").Append(count + 1).Append("\r\n");
            for (var i = 0; i < count; i++) expected.Append("$7\r\nelement\r\n");
            expected.Append("*1\r\n:1\r\n");
            var text = Write(2, writer =>
            {
                writer.Simple("before"u8);
                var outer = writer.BeginArray();
                for (var i = 0; i < count; i++) writer.Bulk("element"u8);
                var inner = writer.BeginArray();
                writer.Integer(1);
                writer.EndArray(inner, 1);
                writer.EndArray(outer, count + 1);
            });
            Assert.Equal(expected.ToString(), text);
        }
    }

    [Fact]
    public void Truncating_goes_back_to_any_former_length()
    {
        var writer = new RespWriter();
        var lengths = new List<(long Length, string Text)>();
        for (var i = 0; i < 40; i++)
        {
            lengths.Add((writer.Length, Encoding.Latin1.GetString(writer.ToArray())));
            writer.Bulk(new byte[i * 100]);
        }

        lengths.Reverse();
        foreach (var (length, text) in lengths)
        {
            writer.Truncate(length);
            Assert.Equal(length, writer.Length);
            Assert.Equal(text, Encoding.Latin1.GetString(writer.ToArray()));
        }

        writer.Simple("again"u8);
        Assert.Equal("+again\r\n", Encoding.Latin1.GetString(writer.ToArray()));
    }

    [Fact]
    public void Segments_are_handed_over_in_order()
    {
        var writer = new RespWriter();
        var big = new byte[100_000];
        new Random(1).NextBytes(big);
        writer.Bulk(big);
        writer.Integer(7);
        var expected = writer.ToArray();
        var receiver = new Receiver();
        writer.MoveTo(receiver);
        Assert.Equal(expected, receiver.Bytes);
        Assert.Equal(0, writer.Length);
    }

    [Fact]
    public void The_code_of_the_last_error_is_kept()
    {
        var writer = new RespWriter();
        writer.Error("WRONGTYPE Operation"u8);
        Assert.Equal("WRONGTYPE", Encoding.ASCII.GetString(writer.LastErrorCode));
        Assert.Equal(1, writer.ErrorCount);
        writer.Error("ERR");
        Assert.Equal("ERR", Encoding.ASCII.GetString(writer.LastErrorCode));
        Assert.Equal(2, writer.ErrorCount);
    }

    [Fact]
    public void A_segment_is_given_back_once_when_the_next_finds_no_room()
    {
        var pool = new BufferPool(Stopwatch.GetTimestamp);
        foreach (var used in (int[])[0, 100, BufferPool.SegmentLength])
        {
            pool.MostBytes = 0;
            var writer = new RespWriter(pool);
            writer.GetSpan(1);
            writer.Advance(used);
            pool.MostBytes = 1;
            Assert.Throws<OutOfMemoryException>(() => writer.GetSpan(BufferPool.LargeLength + 1));
            writer.Clear();
            pool.MostBytes = 0;
            Assert.NotSame(pool.Rent(BufferPool.SegmentLength), pool.Rent(BufferPool.SegmentLength));
        }
    }

    [Fact]
    public void What_may_be_lost_and_finds_no_room_is_dropped_and_the_writer_says_so()
    {
        var pool = new BufferPool(Stopwatch.GetTimestamp);
        var writer = new RespWriter(pool);
        writer.Simple("OK"u8);
        pool.MostBytes = 1;
        writer.MayLose = true;
        var mark = writer.BeginArray();
        for (var i = 0; i < 10; i++) writer.Bulk(new byte[10_000]);
        writer.EndArray(mark, 10);
        Assert.True(writer.IsLost);
        Assert.InRange(writer.Length, 100_000, 101_000);
        var sibling = writer.MakeSibling();
        sibling.Bulk(new byte[100_000]);
        writer.Append(sibling);
        Assert.InRange(writer.Length, 200_000, 201_000);
        writer.Truncate(5);
        Assert.True(writer.IsLost);
        writer.Clear();
        pool.MostBytes = 0;
        Assert.False(writer.IsLost);
        writer.Simple("OK"u8);
        Assert.Equal("+OK\r\n", Encoding.ASCII.GetString(writer.ToArray()));
    }

    private sealed class Receiver : IRespSegmentReceiver
    {
        public List<byte> Bytes { get; } = [];

        public void Take(byte[] bytes, int length) => Bytes.AddRange(bytes.AsSpan(0, length));
    }
}
