using Microsoft.Extensions.Logging;

namespace Starling.Serving;

/// <summary>Too few replicas have acknowledged a client's writes for too long: it must not take them for granted, and is closed.</summary>
internal sealed class GateTimeout(ClientConnection connection, ILogger logger) : IIoTask
{
    /// <inheritdoc/>
    public void Run()
    {
        ServingLog.AcknowledgementsMissing(logger, connection.Describe());
        connection.Close();
    }
}
