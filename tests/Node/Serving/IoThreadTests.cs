using Microsoft.Extensions.Time.Testing;

namespace Starling.Node.Tests.Serving;

public sealed class IoThreadTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly ScriptedPoller _poller = new();
    private readonly List<string> _done = [];
    private readonly IoThread _thread;

    public IoThreadTests() =>
        _thread = ScriptedTransport.NewThread(() => _done.Add("log"), _clock, _poller);

    private string Done => string.Join(' ', _done);

    [Fact]
    public void A_round_ends_with_the_log_and_then_its_members_in_order()
    {
        _thread.Post(Note("mail"));
        _thread.AddToRound(Note("a"));
        _thread.AddToRound(Note("b"));
        _thread.RunRound(mayWait: true);
        Assert.Equal("mail log a b", Done);
    }

    [Fact]
    public void What_a_task_posts_and_what_is_put_off_waits_for_the_next_round()
    {
        _thread.Post(new ThreadTask(() =>
        {
            _done.Add("first");
            _thread.Post(Note("posted"));
            _thread.Again(Note("again"));
            _thread.AddToRound(new ThreadTask(() =>
            {
                _done.Add("member");
                _thread.AddToRound(Note("late"));
            }));
        }));
        _thread.RunRound(mayWait: true);
        Assert.Equal("first log member", Done);
        _thread.RunRound(mayWait: true);
        Assert.Equal("first log member posted again log late", Done);
    }

    [Fact]
    public void Work_that_is_there_lets_no_round_wait()
    {
        _thread.RunRound(mayWait: true);
        Assert.Equal(-1, _poller.LastWait);
        _thread.Again(Note("again"));
        _thread.RunRound(mayWait: true);
        Assert.Equal(0, _poller.LastWait);
        _thread.AddToRound(Note("member"));
        _thread.RunRound(mayWait: true);
        Assert.Equal(0, _poller.LastWait);
        _thread.Post(Note("mail"));
        _thread.RunRound(mayWait: true);
        Assert.Equal(0, _poller.LastWait);
        _thread.RunRound(mayWait: true);
        Assert.Equal(-1, _poller.LastWait);
    }

    [Fact]
    public void A_thread_that_sleeps_is_woken_once_and_one_that_works_never()
    {
        _thread.Post(Note("a"));
        Assert.Equal(0, _poller.WakeUps);
        _poller.Meanwhile = () =>
        {
            _thread.Post(Note("b"));
            _thread.Post(Note("c"));
        };
        _thread.RunRound(mayWait: true);
        Assert.Equal(0, _poller.WakeUps); // there was mail: it did not sleep
        _thread.RunRound(mayWait: true);
        Assert.Equal(1, _poller.WakeUps);
        Assert.Equal("a b c log b c log", Done);
    }

    [Fact]
    public void The_thread_knows_itself_in_a_round_and_only_there()
    {
        IoThread? seen = null;
        _thread.Post(new ThreadTask(() => seen = IoThread.Current));
        _thread.RunRound(mayWait: true);
        Assert.Same(_thread, seen);
        Assert.Null(IoThread.Current);
    }

    [Fact]
    public void A_wait_ends_with_the_first_timer_and_timers_run_in_the_order_of_their_times()
    {
        var late = new IoTimer(Note("late"));
        var cancelled = new IoTimer(Note("cancelled"));
        var moved = new IoTimer(Note("moved"));
        _thread.Schedule(late, 500);
        _thread.Schedule(cancelled, 20);
        _thread.Schedule(moved, 10_000);
        _thread.Schedule(moved, 30);
        _thread.Cancel(cancelled);
        Assert.False(cancelled.IsScheduled);
        _thread.RunRound(mayWait: true);
        Assert.Equal(30, _poller.LastWait);
        _clock.Advance(TimeSpan.FromMilliseconds(29.5));
        _thread.RunRound(mayWait: true);
        Assert.Equal(1, _poller.LastWait); // rounded up: it does not spin
        Assert.Equal("log log", Done);
        _clock.Advance(TimeSpan.FromMilliseconds(600));
        _thread.RunRound(mayWait: true);
        Assert.Equal("log log moved late log", Done);
        Assert.False(late.IsScheduled);
        _thread.RunRound(mayWait: true);
        Assert.Equal(-1, _poller.LastWait);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Timers_agree_with_a_sorted_list(int seed)
    {
        var random = new Random(seed);
        var queue = new IoTimerQueue();
        var timers = Enumerable.Range(0, 50).Select(_ => new IoTimer(Note(""))).ToArray();
        var model = new Dictionary<IoTimer, long>();
        for (var i = 0; i < 5000; i++)
        {
            var timer = timers[random.Next(timers.Length)];
            if (random.Next(3) == 0)
            {
                queue.Remove(timer);
                model.Remove(timer);
            }
            else
            {
                model[timer] = random.Next(1000);
                queue.Set(timer, model[timer]);
            }

            Assert.Equal(model.Count, queue.Count);
            Assert.Equal(model.Count == 0 ? null : model.Values.Min(), queue.First?.Due);
            Assert.Equal(model.ContainsKey(timer), timer.IsScheduled);
        }

        while (queue.First is { } first)
        {
            Assert.Equal(model.Values.Min(), first.Due);
            queue.Remove(first);
            model.Remove(first);
        }

        Assert.Empty(model);
    }

    [Fact]
    public async Task Tasks_of_many_threads_all_run_and_none_after_the_end()
    {
        const int Posters = 4;
        const int Each = 20_000;
        var thread = new IoThread("io", new EpollPoller(), TimeProvider.System, () => { });
        var count = 0;
        var task = new ThreadTask(() => count++); // on one thread only
        thread.Start();
        await Task.WhenAll(Enumerable.Range(0, Posters).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < Each; i++) Assert.True(thread.Post(task));
        })));
        thread.Stop();
        Assert.Equal(Posters * Each, count);
        Assert.False(thread.Post(task));
    }

    private ThreadTask Note(string what) => new(() => _done.Add(what));
}
