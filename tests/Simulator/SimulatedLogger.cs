using Microsoft.Extensions.Logging;

namespace Starling.Simulator;

/// <summary>A node's log: its lines from notice upwards go to the simulation.</summary>
internal sealed class SimulatedLogger(Simulation simulation, SimulatedNode node) : ILogger
{
    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    /// <inheritdoc/>
    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel)) simulation.Logged(node, formatter(state, exception));
    }
}
