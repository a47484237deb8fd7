using System.ComponentModel;

namespace Starling.Transport;

/// <summary>
/// What a thread waits with: knows which sockets can be read from or written to. Belongs to the thread; only
/// <see cref="Wake"/> comes from others.
/// </summary>
public interface IPoller : IDisposable
{
    /// <summary>Begins to watch a socket, for what its owner wants.</summary>
    /// <exception cref="Win32Exception">The system refuses: no memory, or a limit.</exception>
    void Add(PollSource source);

    /// <summary>The owner wants to be told of something else.</summary>
    void Change(PollSource source);

    /// <summary>Ends watching a socket, before it is closed.</summary>
    void Remove(PollSource source);

    /// <summary>What is watched.</summary>
    IReadOnlyCollection<PollSource> Watched { get; }

    /// <summary>Waits until a socket is ready, the time is up or <see cref="Wake"/> was called.</summary>
    /// <param name="milliseconds">How long at most; 0 to only look, -1 for ever.</param>
    /// <returns>Number of sources that are ready; see <see cref="Ready"/>.</returns>
    int Wait(int milliseconds);

    /// <summary>One of those that the last wait found; null when it was removed since.</summary>
    /// <param name="index">From 0 up to the number that <see cref="Wait"/> returned.</param>
    /// <param name="readiness">What it is ready for.</param>
    PollSource? Ready(int index, out Readiness readiness);

    /// <summary>Ends a wait, or the next one, at once. Any thread, before it is disposed.</summary>
    void Wake();
}
