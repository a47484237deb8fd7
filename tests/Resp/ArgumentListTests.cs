namespace Starling.Resp.Tests;

public sealed class ArgumentListTests
{
    /// <summary>CLIENT LIST looks at the arguments of every client while those read theirs.</summary>
    [Fact]
    public void The_total_length_may_be_read_while_another_thread_fills_the_list()
    {
        var list = new ArgumentList();
        var isDone = false;
        var filling = new Thread(() =>
        {
            for (var round = 0; round < 1_000_000; round++)
            {
                list.Reset(new byte[1]);
                for (var i = 0; i < 80; i++) list.Add(0, 1);
                list.Trim();
            }

            Volatile.Write(ref isDone, true);
        })
        { IsBackground = true };
        filling.Start();
        while (!Volatile.Read(ref isDone)) Assert.InRange(list.TotalLength, 0, 80);
    }
}
