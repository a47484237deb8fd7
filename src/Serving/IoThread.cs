using Starling.Slots;

namespace Starling.Serving;

/// <summary>
/// One I/O thread. It works in rounds: waits for the sockets of its clients (not at all when there is work), tells the
/// owners of those that are ready, who receive, execute and keep their replies; then come the timers that are due, the
/// mailbox, and what was put off in the round before; at the end the replication log goes out, and after it what the
/// members of the round have to send. So one call to the system serves all the commands of a connection in a round, with
/// <see cref="Sends"/> one sends the short replies of all, and no reply leaves before the replica stream with its write.
/// Nothing on the thread may block. A task that throws stops the process.
/// </summary>
/// <remarks>Members are the thread's own, but for those that say "any thread".</remarks>
public sealed class IoThread : ITransportThread
{
    private const int ReceiveLength = 64 * 1024;

    [ThreadStatic]
    private static IoThread? t_current;

    private readonly TimeProvider _clock;
    private readonly Action _beforeReplies;
    private readonly Thread _thread;
    private readonly IoTimerQueue _timers = new();
    private readonly Queue<IIoTask> _hurried = [];
    private bool _isHurrying;
    private List<IIoTask> _again = [];
    private List<IIoTask> _againNow = [];
    private List<IRoundMember> _members = [];
    private List<IRoundMember> _membersNow = [];
    private List<IRoundMember> _membersMeanwhile = [];
    private byte[] _otherReceiveBuffer = [];
    private bool _isServingMeanwhile;
    private bool _hasPolledAnew; // since this round has polled

    // Guards what follows. A leaf: nothing is called under it but the poller's wake-up.
    private readonly RankedLock _lock = new(LockRank.Mailbox, nameof(IoThread));
    private List<IIoTask> _mail = [];
    private List<IIoTask> _mailNow = [];
    private bool _sleeps;
    private bool _hasEnded;

    private volatile bool _isStopping;

    /// <summary>Makes the thread; it does not run yet.</summary>
    /// <param name="name">Its name, for debuggers.</param>
    /// <param name="poller">What it waits with; the thread's from now on.</param>
    /// <param name="clock">Measures the time of timers, by its timestamps.</param>
    /// <param name="beforeReplies">
    /// What comes before the replies at the end of every round: moves the replication log to the replicas, bounded by
    /// what is there now.
    /// </param>
    /// <param name="sends">What the replies of a round leave with, together; the thread's from now on. Null where there is none.</param>
    public IoThread(string name, IPoller poller, TimeProvider clock, Action beforeReplies, SendBatch? sends = null)
    {
        Poller = poller;
        Sends = sends;
        _clock = clock;
        _beforeReplies = beforeReplies;
        _thread = new Thread(Run) { IsBackground = true, Name = name };
    }

    /// <summary>The I/O thread that runs this code; null on other threads.</summary>
    public static IoThread? Current => t_current;

    /// <summary>
    /// Where clients of the thread receive, one after another: what is in it when the next one's turn comes is lost.
    /// </summary>
    public byte[] ReceiveBuffer { get; private set; } = new byte[ReceiveLength];

    /// <summary>What the thread waits with.</summary>
    public IPoller Poller { get; }

    /// <inheritdoc/>
    public SendBatch? Sends { get; }

    /// <summary>Starts the thread.</summary>
    public void Start() => _thread.Start();

    /// <summary>
    /// Ends the thread and waits for it; its transports are closed. Not from the thread itself. Any other thread, once.
    /// </summary>
    public void Stop()
    {
        LockOrder.AssertMayBlock("waiting for an I/O thread");
        Invariant.That(Thread.CurrentThread != _thread);
        _isStopping = true;
        Poller.Wake();
        _thread.Join();
        using (_lock.Enter()) Poller.Dispose();
        Sends?.Dispose();
    }

    /// <summary>
    /// Has a task run in this round, or in the next one when it is called by a task. Any thread; from the thread
    /// itself, or while it works, without a call to the system.
    /// </summary>
    /// <returns>False when the thread has ended: the task does not run then.</returns>
    public bool Post(IIoTask task)
    {
        using (_lock.Enter())
        {
            if (_hasEnded) return false;
            _mail.Add(task);
            if (_sleeps)
            {
                _sleeps = false;
                Poller.Wake();
            }

            return true;
        }
    }

    /// <summary>Has a task run in the next round, after the others have had their turn.</summary>
    public void Again(IIoTask task) => _again.Add(task);

    /// <summary>Has a member told of the end of this round; of the next one when this one is ending.</summary>
    public void AddToRound(IRoundMember member) => _members.Add(member);

    /// <summary>Has a timer's task run after a time; a timer that is scheduled already is moved.</summary>
    /// <param name="timer">The timer.</param>
    /// <param name="milliseconds">How long from now; negative counts as 0.</param>
    public void Schedule(IoTimer timer, long milliseconds)
    {
        var perMillisecond = _clock.TimestampFrequency / 1000.0;
        var ticks = Math.Min(Math.Max(0, milliseconds) * perMillisecond, long.MaxValue / 4);
        _timers.Set(timer, _clock.GetTimestamp() + (long)ticks);
    }

    /// <summary>
    /// Runs a task before the caller goes on; what that asks to be hurried comes behind it, before the caller too. On this
    /// thread, with no lock held.
    /// </summary>
    internal void Hurry(IIoTask task)
    {
        _hurried.Enqueue(task);
        if (_isHurrying) return;
        _isHurrying = true;
        while (_hurried.TryDequeue(out var next)) next.Run();
        _isHurrying = false;
    }

    /// <summary>
    /// Serves clients in the middle of a task that takes long: those for whom nothing is under way on the thread
    /// (<see cref="IRoundMember.IsServedMeanwhile"/>), new ones too. Timers, the mailbox and what was put off wait for the end of the task. What
    /// is served must not wait for the task: it takes no stripe. Does nothing within itself. On the thread.
    /// </summary>
    public void ServeMeanwhile()
    {
        Invariant.That(t_current == this);
        if (_isServingMeanwhile) return;
        _isServingMeanwhile = _hasPolledAnew = true;
        LockOrder.BeginHeldUp();
        if (_otherReceiveBuffer.Length == 0) _otherReceiveBuffer = new byte[ReceiveLength];
        (ReceiveBuffer, _otherReceiveBuffer) = (_otherReceiveBuffer, ReceiveBuffer); // what the task works on may be in it
        (_members, _membersMeanwhile) = (_membersMeanwhile, _members);
        try
        {
            StartTransports();
            var count = Poller.Wait(0);
            for (var i = 0; i < count; i++)
                if (Poller.Ready(i, out var readiness)?.Owner is { IsServedMeanwhile: true } owner) owner.OnReady(readiness);
            EndMeanwhile();
        }
        catch (Exception error) when (Fail(error))
        {
            throw; // not reached
        }

        (ReceiveBuffer, _otherReceiveBuffer) = (_otherReceiveBuffer, ReceiveBuffer);
        LockOrder.EndHeldUp();
        _isServingMeanwhile = false;
    }

    /// <summary>Takes a timer back.</summary>
    public void Cancel(IoTimer timer) => _timers.Remove(timer);

    /// <summary>One round.</summary>
    /// <param name="mayWait">It waits when there is nothing to do.</param>
    internal void RunRound(bool mayWait)
    {
        var outer = t_current;
        t_current = this;
        (_again, _againNow) = (_againNow, _again);
        Poll(mayWait && _againNow.Count == 0 && _members.Count == 0);
        RunTimers();
        ReadMail();
        RunAll(_againNow);
        _beforeReplies();
        (_members, _membersNow) = (_membersNow, _members);
        foreach (var member in _membersNow)
        {
            member.EndRound();
            if (Sends is { IsFull: true } full) full.Submit();
        }

        Sends?.Submit();
        _membersNow.Clear();
        t_current = outer;
    }

    private static void RunAll(List<IIoTask> tasks)
    {
        foreach (var task in tasks) task.Run();
        tasks.Clear();
    }

    // As a filter: nobody's lock has been released yet, so that nobody sees what was left half done.
    private static bool Fail(Exception error)
    {
        Environment.FailFast("an I/O thread failed: " + error.Message, error);
        return false;
    }

    private void Poll(bool mayWait)
    {
        var milliseconds = 0;
        if (mayWait)
        {
            using (_lock.Enter()) _sleeps = _mail.Count == 0;
            if (_sleeps) milliseconds = UntilNextTimer();
        }

        var count = Poller.Wait(milliseconds);
        if (mayWait) using (_lock.Enter()) _sleeps = false;
        _hasPolledAnew = false;

        // Who is not told of this time is ready the next time too.
        for (var i = 0; i < count && !_hasPolledAnew; i++) Poller.Ready(i, out var readiness)?.Owner!.OnReady(readiness);
    }

    /// <summary>New transports are served from now on, without what else is in the mailbox.</summary>
    private void StartTransports()
    {
        List<StreamTransport>? starting = null;
        using (_lock.Enter())
        {
            if (_mail.Count == 0) return;
            foreach (var task in _mail)
                if (task is StreamTransport { IsStarting: true } transport) (starting ??= []).Add(transport);
            if (starting is null) return;
            _mail.RemoveAll(task => task is StreamTransport transport && starting.Contains(transport));
        }

        foreach (IIoTask transport in starting) transport.Run();
    }

    /// <summary>The replies of who was served meanwhile leave, and those that waited for the end of the round that was interrupted.</summary>
    private void EndMeanwhile()
    {
        var (served, interrupted) = (_members, _membersMeanwhile);
        (_members, _membersMeanwhile) = (interrupted, served);
        if (served.Count == 0 && interrupted.Count == 0) return;
        served.AddRange(interrupted.Where(member => member.IsServedMeanwhile));
        interrupted.RemoveAll(member => member.IsServedMeanwhile);
        if (served.Count == 0) return;
        _beforeReplies();
        foreach (var member in served)
        {
            member.EndRound();
            if (Sends is { IsFull: true } full) full.Submit();
        }

        Sends?.Submit();
        served.Clear();
    }

    private int UntilNextTimer()
    {
        if (_timers.First is not { } first) return System.Threading.Timeout.Infinite;
        var left = (first.Due - _clock.GetTimestamp()) * 1000.0 / _clock.TimestampFrequency;
        return (int)Math.Clamp(Math.Ceiling(left), 0, int.MaxValue);
    }

    private void RunTimers()
    {
        if (_timers.First is null) return;
        var now = _clock.GetTimestamp();
        while (_timers.First is { } timer && timer.Due <= now)
        {
            _timers.Remove(timer);
            timer.Task.Run();
        }
    }

    /// <summary>Does what is in the mailbox now; what comes meanwhile waits for the next round.</summary>
    private void ReadMail()
    {
        using (_lock.Enter())
        {
            if (_mail.Count == 0) return;
            (_mail, _mailNow) = (_mailNow, _mail);
        }

        RunAll(_mailNow);
    }

    private void Run()
    {
        try
        {
            while (!_isStopping) RunRound(mayWait: true);
            t_current = this;
            End();
        }
        catch (Exception error) when (Fail(error))
        {
            throw; // not reached
        }
    }

    /// <summary>Closes what is served, and does what is left in the mailbox, which may bring more to close.</summary>
    private void End()
    {
        while (true)
        {
            foreach (var source in Poller.Watched) source.Owner!.End();
            using (_lock.Enter())
            {
                _hasEnded = _mail.Count == 0;
                if (_hasEnded) return;
            }

            ReadMail();
        }
    }
}
