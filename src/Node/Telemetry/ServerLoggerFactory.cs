using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Starling.Node.Config;

namespace Starling.Node.Telemetry;

/// <summary>
/// Makes loggers that print Redis's lines: <c>pid:role dd Mon yyyy HH:MM:SS.mmm level message</c>, with the level as
/// one character: '.' debug,
/// '-' verbose, '*' notice, '#' warning. loglevel is obeyed as it changes.
/// </summary>
public sealed class ServerLoggerFactory : ILoggerFactory
{
    private readonly ServerConfig _config;
    private readonly TimeProvider _clock;
    private readonly ConcurrentDictionary<string, ILogger> _loggers = new(StringComparer.Ordinal);
    private volatile LogThreshold _threshold;

    /// <summary>Makes a factory.</summary>
    /// <param name="config">Says loglevel.</param>
    /// <param name="clock">The clock and time zone of the lines.</param>
    /// <param name="writer">Gets the lines.</param>
    public ServerLoggerFactory(ServerConfig config, TimeProvider clock, LogWriter writer)
    {
        _config = config;
        _clock = clock;
        Writer = writer;
        ReadLevel();
        config.OnChange("loglevel", ReadLevel);
    }

    /// <summary>Where the lines go.</summary>
    public LogWriter Writer { get; }

    /// <summary>
    /// Tells the role in the lines: 'M' master, 'S' replica, 'X' sentinel. While it is null the server is starting:
    /// 'C'.
    /// </summary>
    public Func<char>? Role { get; set; }

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => _loggers.GetOrAdd(categoryName, _ => new ServerLogger(this));

    /// <summary>Not supported: there is one destination, the log.</summary>
    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("the log has one destination");

    /// <summary>Writes what waits.</summary>
    public void Dispose() => Writer.Dispose();

    /// <summary>True when lines of a level are written.</summary>
    internal bool IsEnabled(LogLevel level) => level != LogLevel.None && ThresholdOf(level) >= _threshold;

    /// <summary>Writes a line.</summary>
    internal void Write(LogLevel level, string message, Exception? exception)
    {
        var mark = ThresholdOf(level) switch
        {
            LogThreshold.Debug => '.',
            LogThreshold.Verbose => '-',
            LogThreshold.Notice => '*',
            LogThreshold.Warning or LogThreshold.Nothing => '#',
        };
        var time = _clock.GetLocalNow().ToString("dd MMM yyyy HH:mm:ss.fff", CultureInfo.InvariantCulture);
        var role = Role?.Invoke() ?? 'C';
        var rest = exception is null ? string.Empty : ": " + exception;
        Writer.Add(string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}:{role} {time} {mark} {message}{rest}"));
    }

    private static LogThreshold ThresholdOf(LogLevel level) => level switch
    {
        LogLevel.Trace => LogThreshold.Debug,
        LogLevel.Debug => LogThreshold.Verbose,
        LogLevel.Information => LogThreshold.Notice,
        LogLevel.Warning or LogLevel.Error or LogLevel.Critical => LogThreshold.Warning,
        LogLevel.None => LogThreshold.Nothing,
    };

    private void ReadLevel() => _threshold = _config.LogLevel switch
    {
        "debug" => LogThreshold.Debug,
        "verbose" => LogThreshold.Verbose,
        "warning" => LogThreshold.Warning,
        "nothing" => LogThreshold.Nothing,
        _ => LogThreshold.Notice,
    };
}
