using Microsoft.Extensions.Logging;
using Starling.Resp;

namespace Starling.Node.Serving;

/// <summary>A node, as the host of the clients that are served for it.</summary>
internal sealed class ServingHost(NodeServer server) : IServingHost
{
    /// <inheritdoc/>
    public IServingSettings Settings => server.Config;

    /// <inheritdoc/>
    public TimeProvider Clock => server.Clock;

    /// <inheritdoc/>
    public BufferPool Buffers => server.Buffers;

    /// <inheritdoc/>
    public ILoggerFactory Loggers => server.Loggers;

    /// <inheritdoc/>
    public IServedClient Open(ClientConnection connection) => new NodeClient(server, connection);

    /// <inheritdoc/>
    public void RequestAcknowledgements() => server.Replication.RequestAcknowledgements();

    /// <inheritdoc/>
    public void Fail(string reason, Exception error) => server.Fail(reason, error);
}
