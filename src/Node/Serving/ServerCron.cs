namespace Starling.Node.Serving;

/// <summary>One thread that runs the periodic work of every part, never an I/O thread's job. An action that throws stops the process.</summary>
public sealed class ServerCron
{
    /// <summary>Adds periodic work; before <c>Start</c>.</summary>
    /// <param name="period">Time between runs, at least a millisecond; a late run is not made up for.</param>
    /// <param name="action">Gets the time in milliseconds of Unix time. Bounded work.</param>
    public void Every(TimeSpan period, Action<long> action) => throw new NotSupportedException($"{period} {action}");
}
