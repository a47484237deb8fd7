using System.Text;

namespace Starling.Resp.Tests;

public sealed class RespReplyReaderTests
{
    private const string Everything =
        "+OK\r\n-ERR no\r\n:42\r\n$3\r\na\r\n\r\n$-1\r\n*-1\r\n_\r\n#t\r\n,1.5\r\n(12345678901234567890\r\n=6\r\ntxt:hi\r\n!5\r\nERR x\r\n"
        + "*3\r\n:1\r\n*2\r\n+a\r\n*0\r\n$0\r\n\r\n%1\r\n+k\r\n~2\r\n:1\r\n:2\r\n>2\r\n+push\r\n:1\r\n|1\r\n+ttl\r\n:3\r\n+annotated\r\n";

    private const string Expected =
        "OK;(error) ERR no;(integer) 42;a\r\n;(nil);(nil);(nil);1;1.5;12345678901234567890;hi;(error) ERR x;"
        + "[(integer) 1, [a, []], ];[k, [(integer) 1, (integer) 2]];[push, (integer) 1];annotated";

    private static string Read(byte[] bytes, int cut)
    {
        var reader = new RespReplyReader();
        var replies = new List<string>();
        foreach (var piece in new[] { bytes[..cut], bytes[cut..] })
        {
            reader.Append(piece);
            while (reader.TryRead(out var reply)) replies.Add(reply.ToString());
        }

        return string.Join(";", replies);
    }

    [Fact]
    public void Every_type_is_read_wherever_the_input_is_cut()
    {
        var bytes = Encoding.ASCII.GetBytes(Everything);
        for (var cut = 0; cut <= bytes.Length; cut++) Assert.Equal(Expected, Read(bytes, cut));
    }

    [Fact]
    public void Mutated_replies_are_read_or_refused()
    {
        const int Seed = 77;
        var random = new Random(Seed);
        for (var round = 0; round < 20000; round++)
        {
            var bytes = Encoding.ASCII.GetBytes(Everything);
            for (var i = random.Next(4); i >= 0; i--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            var reader = new RespReplyReader(maxBulkLength: 1000);
            try
            {
                reader.Append(bytes);
                while (reader.TryRead(out _)) { }
            }
            catch (RespProtocolException)
            {
                // Refusing is right; any other exception is not.
            }
        }
    }

    [Fact]
    public void Nesting_without_end_is_refused()
    {
        var reader = new RespReplyReader();
        reader.Append(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("*1\r\n", 1000))));
        Assert.Throws<RespProtocolException>(() => reader.TryRead(out _));
    }

    [Fact]
    public void Bytes_between_replies_can_be_taken_out()
    {
        var reader = new RespReplyReader();
        reader.Append("+FULLRESYNC x 1\r\n$3\r\nRDB+OK\r\n"u8);
        Assert.True(reader.TryRead(out _));
        Assert.Equal("$3\r\nRDB+OK\r\n", Encoding.ASCII.GetString(reader.Buffered));
        reader.Skip(7);
        Assert.True(reader.TryRead(out var reply));
        Assert.Equal("OK", reply.Text);
    }
}
