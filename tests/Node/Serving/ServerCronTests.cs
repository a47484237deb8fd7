namespace Starling.Node.Tests.Serving;

public sealed class ServerCronTests
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(1);

    [Fact]
    public async Task Work_on_request_runs_until_it_says_that_there_is_no_more_and_again_when_asked()
    {
        var cron = new ServerCron(TimeProvider.System);
        var runs = 0;
        var beats = 0;
        cron.Every(Period, _ => Interlocked.Increment(ref beats));
        var work = cron.OnRequest(Period, _ => Interlocked.Increment(ref runs) % 3 != 0);
        cron.Start();
        await BeatsAsync(10);
        Assert.Equal(0, Volatile.Read(ref runs));
        work.Request();
        await Eventually.True(() => Volatile.Read(ref runs) == 3);
        await BeatsAsync(10);
        Assert.Equal(3, Volatile.Read(ref runs));
        work.Request();
        await Eventually.True(() => Volatile.Read(ref runs) == 6);
        cron.Stop();

        async Task BeatsAsync(int count)
        {
            var until = Volatile.Read(ref beats) + count;
            await Eventually.True(() => Volatile.Read(ref beats) >= until);
        }
    }

    [Fact]
    public async Task A_request_made_while_the_work_says_that_there_is_no_more_is_not_lost()
    {
        var cron = new ServerCron(TimeProvider.System);
        var runs = 0;
        CronWork? work = null;
        work = cron.OnRequest(Period, _ =>
        {
            if (Interlocked.Increment(ref runs) < 50) work!.Request();
            return false;
        });
        cron.Start();
        work.Request();
        await Eventually.True(() => Volatile.Read(ref runs) == 50);
        cron.Stop();
    }

    [Fact]
    public async Task What_follows_work_runs_after_it()
    {
        var cron = new ServerCron(TimeProvider.System);
        var made = 0;
        var seen = 0;
        var work = cron.OnRequest(Period, _ =>
        {
            Interlocked.Increment(ref made);
            return false;
        });
        cron.AfterWork(() => Volatile.Write(ref seen, Volatile.Read(ref made)));
        cron.Start();
        for (var i = 1; i <= 5; i++)
        {
            work.Request();
            var expected = i;
            await Eventually.True(() => Volatile.Read(ref seen) == expected);
        }

        cron.Stop();
    }
}
