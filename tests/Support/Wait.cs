using System.Diagnostics;

namespace Starling.Tests.Support;

/// <summary>Waits for conditions instead of times.</summary>
public static class Wait
{
    /// <summary>How long a condition may take: machines that run tests stall for seconds.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    /// <summary>Asks until the condition holds; an exception with the description after the deadline.</summary>
    /// <param name="description">What is waited for.</param>
    /// <param name="condition">The condition; an exception of the network counts as "not yet".</param>
    /// <param name="patience">The deadline, 90 seconds unless told.</param>
    public static void Until(string description, Func<bool> condition, TimeSpan? patience = null)
    {
        var watch = Stopwatch.StartNew();
        Exception? last = null;
        while (true)
        {
            try
            {
                if (condition()) return;
                last = null;
            }
            catch (Exception exception) when (exception is IOException or System.Net.Sockets.SocketException or InvalidOperationException)
            {
                last = exception;
            }

            if (watch.Elapsed > (patience ?? Patience)) throw new TimeoutException($"not within {patience ?? Patience}: {description}", last);
            Thread.Sleep(20);
        }
    }
}
