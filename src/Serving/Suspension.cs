using Starling.Resp;

namespace Starling.Serving;

/// <summary>A client that waits for what is not a key. It goes on, on its own I/O thread.</summary>
public sealed class Suspension : IIoTask
{
    private const int Waiting = -1;

    private readonly ClientConnection? _connection;
    private readonly Action<RespWriter, SuspensionEnd>? _onEnd;
    private IoTimer? _timer;
    private int _end = Waiting;

    internal Suspension(ClientConnection connection, Action<RespWriter, SuspensionEnd> onEnd)
    {
        _connection = connection;
        _onEnd = onEnd;
    }

    private Suspension() => _end = (int)SuspensionEnd.TimedOut;

    /// <summary>True once it has ended.</summary>
    public bool HasEnded => Volatile.Read(ref _end) != Waiting;

    /// <summary>One that ended before it began.</summary>
    internal static Suspension Ended { get; } = new();

    /// <summary>Ends the wait. Any thread; the first end counts, later ones do nothing.</summary>
    public void Complete() => End(SuspensionEnd.Completed);

    /// <summary>Ends the wait as if its time were up (CLIENT UNBLOCK). False when it has ended before.</summary>
    public bool TimeOut() => End(SuspensionEnd.TimedOut);

    /// <summary>Ends the wait with an error in the place of its reply (CLIENT UNBLOCK ERROR).</summary>
    /// <returns>False when it has ended before.</returns>
    public bool Unblock() => End(SuspensionEnd.Unblocked);

    /// <summary>Ends the wait because the client is going away.</summary>
    public void Cancel() => End(SuspensionEnd.Cancelled);

    /// <summary>The deadline has passed. On the connection's thread.</summary>
    void IIoTask.Run() => End(SuspensionEnd.TimedOut);

    /// <summary>Ends the wait by itself after a time. On the connection's thread.</summary>
    internal void SetDeadline(long milliseconds)
    {
        _timer = new IoTimer(this);
        _connection!.Thread.Schedule(_timer, milliseconds);
    }

    /// <summary>Writes the reply; the connection calls it once, after the end, on its thread.</summary>
    internal void WriteReply(RespWriter reply)
    {
        if (_timer is { } timer) _connection!.Thread.Cancel(timer);
        var end = (SuspensionEnd)Volatile.Read(ref _end);
        if (end != SuspensionEnd.Unblocked)
        {
            _onEnd!(reply, end);
            return;
        }

        // What waits cleans up as if the time were up; its reply is not wanted.
        var before = reply.Length;
        _onEnd!(reply, SuspensionEnd.TimedOut);
        reply.Truncate(before);
        reply.Error("UNBLOCKED client unblocked via CLIENT UNBLOCK"u8);
    }

    /// <summary>Ends the wait without a resumption; true when it had not ended before.</summary>
    internal bool TryEndSilently() =>
        Interlocked.CompareExchange(ref _end, (int)SuspensionEnd.Cancelled, Waiting) == Waiting;

    private bool End(SuspensionEnd end)
    {
        if (Interlocked.CompareExchange(ref _end, (int)end, Waiting) != Waiting) return false;
        _connection!.ScheduleResume();
        return true;
    }
}
