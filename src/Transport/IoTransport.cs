namespace Starling.Transport;

/// <summary>How I/O threads send the replies of a round.</summary>
public enum IoTransport
{
    /// <summary>As <see cref="IoUring"/> where the system lets this process, otherwise as <see cref="Epoll"/>.</summary>
    Auto,

    /// <summary>Those of all connections by one call to the system.</summary>
    IoUring,

    /// <summary>One call a connection.</summary>
    Epoll,
}
