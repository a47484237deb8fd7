using Microsoft.Extensions.Logging;
using Starling.Resp;

namespace Starling.Node.Serving;

/// <summary>A node, as the host of the clients that are served for it.</summary>
/// <param name="node">What their commands work with.</param>
/// <param name="fail">Ends the process; see <see cref="Fail"/>.</param>
internal sealed class ServingHost(NodeParts node, Action<string, Exception> fail) : IServingHost
{
    /// <inheritdoc/>
    public IServingSettings Settings => node.Config;

    /// <inheritdoc/>
    public TimeProvider Clock => node.Clock;

    /// <inheritdoc/>
    public BufferPool Buffers => node.Buffers;

    /// <inheritdoc/>
    public ILoggerFactory Loggers => node.Loggers;

    /// <inheritdoc/>
    public IServedClient Open(ClientConnection connection) => new NodeClient(node, connection);

    /// <inheritdoc/>
    public void RequestAcknowledgements() => node.Replication.RequestAcknowledgements();

    /// <inheritdoc/>
    public void Fail(string reason, Exception error) => fail(reason, error);
}
