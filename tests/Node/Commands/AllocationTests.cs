using System.Text;
using Starling.Resp;

namespace Starling.Node.Tests.Commands;

public sealed class AllocationTests
{
    [Theory]
    [InlineData("GET present")]
    [InlineData("GET absent")]
    [InlineData("SET present value")]
    [InlineData("SET present value EX 1000")]
    [InlineData("SET present value KEEPTTL")]
    [InlineData("INCR counter")]
    [InlineData("DECRBY counter 3")]
    [InlineData("DEL absent")]
    [InlineData("EXPIRE present 1000")]
    [InlineData("PEXPIREAT present 9999999999999 GT")]
    [InlineData("TTL present")]
    [InlineData("EXISTS present absent")]
    [InlineData("MGET present absent")]
    [InlineData("SETRANGE range 3 abc")]
    [InlineData("GETRANGE present 1 2")]
    [InlineData("SETBIT range 100 1")]
    [InlineData("GETBIT range 100")]
    [InlineData("BITCOUNT range 0 -1")]
    [InlineData("BITPOS range 1 2 3")]
    [InlineData("BITFIELD range INCRBY u8 0 1 GET i5 #2 OVERFLOW SAT SET u4 8 9")]
    [InlineData("BITOP XOR combined range present absent")]
    [InlineData("PFADD hll a b c")]
    [InlineData("PFCOUNT hll")]
    [InlineData("PFCOUNT hll absent")]
    [InlineData("PFMERGE hll hll")]
    [InlineData("LLEN list")]
    [InlineData("LINDEX list 500")]
    [InlineData("LINDEX list -1")]
    [InlineData("LRANGE list 100 110")]
    [InlineData("LSET list 500 another")]
    [InlineData("LPUSH pushed element")]
    [InlineData("RPUSH pushed 12345")]
    [InlineData("LPOP long")]
    [InlineData("RPOP long 3")]
    [InlineData("LMOVE list list LEFT RIGHT")]
    [InlineData("RPOPLPUSH long pushed")]
    [InlineData("LINSERT list BEFORE 12 13")]
    [InlineData("LREM list 1 nothing")]
    [InlineData("LPOS list 100 COUNT 1")]
    [InlineData("LTRIM list 0 -1")]
    [InlineData("SADD set new")]
    [InlineData("SADD integers 5 6 7")]
    [InlineData("SREM set nothing")]
    [InlineData("SISMEMBER set 500")]
    [InlineData("SISMEMBER integers 5")]
    [InlineData("SMISMEMBER set 500 x")]
    [InlineData("SCARD set")]
    [InlineData("SPOP many")]
    [InlineData("SRANDMEMBER set")]
    [InlineData("SRANDMEMBER integers -3")]
    [InlineData("SMOVE set integers nothing")]
    [InlineData("SINTER set integers")]
    [InlineData("SINTERCARD 2 set integers")]
    [InlineData("SDIFF integers set")]
    public async Task Common_commands_allocate_nothing(string command)
    {
        await using var server = TestServer.Start();
        var client = server.Node.Executor.NewClient(ClientOrigin.Internal);
        client.Execute(Arguments("SET present value"));
        client.Execute(Arguments("SET counter 100"));
        client.Execute(Arguments("SET range abcdefghi"));
        client.Execute(Arguments("PFADD hll a"));
        client.Execute(Arguments("SADD set " + string.Join(' ', Enumerable.Range(0, 1000))));
        client.Execute(Arguments("SADD integers 1 2 3 4 5"));
        for (var i = 0; i < 4; i++) client.Execute(Arguments("SADD many " + string.Join(' ', Enumerable.Range(i * 1000, 1000))));
        var push = "RPUSH list " + string.Join(' ', Enumerable.Range(0, 1000));
        client.Execute(Arguments(push));
        for (var i = 0; i < 12; i++) client.Execute(Arguments(push.Replace("list", "long", StringComparison.Ordinal)));
        client.Reply.Clear();
        var arguments = Arguments(command);
        for (var i = 0; i < 500; i++) client.Execute(arguments);
        Assert.Equal(0, client.Reply.ErrorCount);
        Assert.Equal(0, LeastAllocation(() => client.Execute(arguments)));
    }

    [Fact]
    public async Task A_key_made_and_deleted_allocates_nothing()
    {
        await using var server = TestServer.Start();
        var client = server.Node.Executor.NewClient(ClientOrigin.Internal);
        var set = Arguments("SET key value");
        var delete = Arguments("DEL key");
        void Both()
        {
            client.Execute(set);
            client.Execute(delete);
        }

        for (var i = 0; i < 500; i++) Both();
        Assert.Equal(0, LeastAllocation(Both));
    }

    /// <summary>
    /// The least of several rounds: the runtime itself allocates now and then, when it compiles a method anew.
    /// </summary>
    private static long LeastAllocation(Action action)
    {
        var least = long.MaxValue;
        for (var round = 0; round < 20 && least > 0; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 100; i++) action();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }

    private static ArgumentList Arguments(string command)
    {
        var bytes = Encoding.ASCII.GetBytes(command);
        var arguments = new ArgumentList();
        arguments.Reset(bytes);
        var start = 0;
        for (var i = 0; i <= bytes.Length; i++)
        {
            if (i < bytes.Length && bytes[i] != ' ') continue;
            arguments.Add(start, i - start);
            start = i + 1;
        }

        return arguments;
    }
}
