using Microsoft.Extensions.Logging;

namespace Starling.Node.Telemetry;

/// <summary>A logger of one category; the category is not printed, as Redis's lines have none.</summary>
internal sealed class ServerLogger(ServerLoggerFactory factory) : ILogger
{
    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => factory.IsEnabled(logLevel);

    /// <inheritdoc/>
    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        if (factory.IsEnabled(logLevel)) factory.Write(logLevel, formatter(state, exception), exception);
    }
}
