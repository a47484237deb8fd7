using Microsoft.Extensions.Logging;
using Starling.Resp;

namespace Starling.Serving;

/// <summary>
/// For whom clients are served: gives every connection its other half, which executes its commands. One per server.
/// </summary>
public interface IServingHost
{
    /// <summary>The configuration in force, as far as serving depends on it.</summary>
    IServingSettings Settings { get; }

    /// <summary>The clock.</summary>
    TimeProvider Clock { get; }

    /// <summary>The buffers of connections.</summary>
    BufferPool Buffers { get; }

    /// <summary>Makes loggers.</summary>
    ILoggerFactory Loggers { get; }

    /// <summary>A client has connected.</summary>
    /// <param name="connection">Its connection, complete but for its session.</param>
    /// <returns>Its half of the client, which has a new session.</returns>
    IServedClient Open(ClientConnection connection);

    /// <summary>
    /// Replies wait for the state of the log that <see cref="CommitGate"/> stands for: it is to be brought about soon.
    /// </summary>
    void RequestAcknowledgements();

    /// <summary>
    /// Ends the process, whose state can no longer be relied on. With the locks held of whoever failed.
    /// </summary>
    /// <param name="reason">Why.</param>
    /// <param name="error">What was thrown.</param>
    void Fail(string reason, Exception error);
}
