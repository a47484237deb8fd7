using System.Globalization;
using Microsoft.Extensions.Logging;
using Starling.Node.Config;
using Starling.Node.Telemetry;

namespace Starling.Node.Tests.Telemetry;

public sealed class ServerLoggerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("starling-log-").FullName;
    private readonly ServerConfig _config = new();
    private readonly LogWriter _writer;
    private readonly ServerLoggerFactory _loggers;
    private readonly ILogger _log;

    public ServerLoggerTests()
    {
        _writer = new LogWriter(PathOf("log"));
        _loggers = new ServerLoggerFactory(_config, new FixedClock(), _writer);
        _log = _loggers.CreateLogger("any");
    }

    public void Dispose()
    {
        _loggers.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void A_line_is_pid_role_time_level_message()
    {
        ServerLog.Initialized(_log);
        _loggers.Role = () => 'S';
        ServerLog.CannotStart(_log, "no port");
        Assert.Equal(
            [
                $"{Environment.ProcessId}:C 05 Mar 2026 07:08:09.012 * Server initialized",
                $"{Environment.ProcessId}:S 05 Mar 2026 07:08:09.012 # no port",
            ],
            Lines());
    }

    [Theory]
    [InlineData("debug", ".-*#")]
    [InlineData("verbose", "-*#")]
    [InlineData("notice", "*#")]
    [InlineData("warning", "#")]
    [InlineData("nothing", "")]
    public void Loglevel_decides_what_is_written_and_changes_live(string level, string expected)
    {
        var settings = new[] { (DirectiveTable.Find("loglevel")!, level) };
        Assert.True(_config.Changes.TrySet(_config, settings, out _, out _));
        foreach (var each in new[] { LogLevel.Trace, LogLevel.Debug, LogLevel.Information, LogLevel.Warning })
        {
            if (_log.IsEnabled(each)) _log.Log(each, default, "x", null, (state, _) => state);
        }

        Assert.Equal(expected, string.Concat(Lines().Select(line => line.Split(' ')[5])));
    }

    [Fact]
    public void A_file_that_is_rotated_away_is_made_anew()
    {
        ServerLog.Initialized(_log);
        Lines();
        File.Move(PathOf("log"), PathOf("log.1"));
        ServerLog.ReadyToExit(_log);
        Assert.Single(Lines());
        Assert.Single(File.ReadAllLines(PathOf("log.1")));
    }

    [Fact]
    public void Lines_that_cannot_be_written_are_counted()
    {
        using var writer = new LogWriter(PathOf("later/log"));
        writer.Add("lost");
        writer.Flush();
        Directory.CreateDirectory(PathOf("later"));
        writer.Add("kept");
        writer.Flush();
        Assert.Equal(["# 1 log lines could not be written", "kept"], File.ReadAllLines(PathOf("later/log")));
    }

    [Fact]
    public void Lines_of_many_threads_are_whole()
    {
        Parallel.For(0, 1000, i => ServerLog.CannotStart(_log, "line " + i.ToString(CultureInfo.InvariantCulture) + " end"));
        var lines = Lines();
        Assert.Equal(1000, lines.Length);
        Assert.All(lines, line => Assert.EndsWith(" end", line, StringComparison.Ordinal));
    }

    private string PathOf(string name) => Path.Combine(_folder, name);

    private string[] Lines()
    {
        _writer.Flush();
        return File.Exists(PathOf("log")) ? File.ReadAllLines(PathOf("log")) : [];
    }

    private sealed class FixedClock : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => new(2026, 3, 5, 7, 8, 9, 12, TimeSpan.Zero);
    }
}
