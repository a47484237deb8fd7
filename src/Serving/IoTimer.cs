namespace Starling.Serving;

/// <summary>A point in time at which an I/O thread does something; see <see cref="IoThread.Schedule"/>.</summary>
/// <param name="task">What it does.</param>
public sealed class IoTimer(IIoTask task)
{
    internal const int NotScheduled = -1;

    /// <summary>It has been scheduled, and neither was it due since nor cancelled. On its thread.</summary>
    public bool IsScheduled => Place != NotScheduled;

    /// <summary>When it is due, as a timestamp of the thread's clock.</summary>
    internal long Due { get; set; }

    /// <summary>Where it stands among the thread's timers.</summary>
    internal int Place { get; set; } = NotScheduled;

    internal IIoTask Task => task;
}
