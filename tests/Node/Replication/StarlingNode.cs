using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Starling.Node.Config;

namespace Starling.Node.Tests.Replication;

/// <summary>A Starling server in this process.</summary>
internal sealed class StarlingNode : TestNode
{
    private readonly LogCollector _log = new();
    private bool _isStopped;

    public StarlingNode(params string[] directives)
        : this(null, 0, directives)
    {
    }

    private StarlingNode(string? directory, int port, string[] directives)
        : base(directory)
    {
        if (port != 0) Port = port;
        string[] arguments =
        [
            "--port", Port.ToString(CultureInfo.InvariantCulture), "--save", "", "--dir", Directory, "--bind", "127.0.0.1",
            "--repl-diskless-sync-delay", "0", "--enable-debug-command", "yes", .. directives,
        ];
        if (!ConfigLoader.TryLoad(ServerArguments.Parse(arguments), () => Stream.Null, out var config, out var error))
            throw new InvalidOperationException(error.ToString());
        Node = new NodeServer(config, _log, TimeProvider.System);
        Node.Start();
    }

    public NodeServer Node { get; }

    public override string Log => _log.ToString();

    /// <summary>Called with each line that is logged, by the thread that logs it.</summary>
    public Action<string>? OnLogged
    {
        get => _log.OnLogged;
        set => _log.OnLogged = value;
    }

    /// <summary>Saves, stops, and starts again from what was saved, at the same port.</summary>
    public StarlingNode Restart(params string[] directives) => Restart(() => { }, directives);

    /// <summary>As <see cref="Restart(string[])"/>; does something in between.</summary>
    public StarlingNode Restart(Action whileDown, params string[] directives)
    {
        Assert.True(Node.Persistence.SaveOnShutdown());
        KeepsDirectory = true;
        Dispose();
        whileDown();
        return new StarlingNode(Directory, Port, directives);
    }

    /// <summary>Shuts down as SHUTDOWN SAVE does, and starts again.</summary>
    public StarlingNode ShutDownAndRestart(params string[] directives)
    {
        using var ended = new ManualResetEventSlim();
        Node.Shutdown.Exit = ended.Set;
        Node.Shutdown.Begin(ShutdownFlags.Save);
        Assert.True(ended.Wait(TimeSpan.FromSeconds(90)), Log);
        KeepsDirectory = true;
        MarkStopped();
        Dispose();
        return new StarlingNode(Directory, Port, directives);
    }

    /// <summary>The server has shut itself down.</summary>
    public void MarkStopped() => _isStopped = true;

    protected override void Stop()
    {
        if (!_isStopped) Node.Stop();
    }

    private sealed class LogCollector : ILoggerFactory, ILogger
    {
        private readonly ConcurrentQueue<string> _lines = new();

        public Action<string>? OnLogged { get; set; }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel)) return;
            var line = formatter(state, exception);
            _lines.Enqueue(string.Create(
                CultureInfo.InvariantCulture, $"{TimeProvider.System.GetUtcNow():HH:mm:ss.fff} {line} {exception}"));
            OnLogged?.Invoke(line);
        }

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public ILogger CreateLogger(string categoryName) => this;

        public void Dispose()
        {
        }

        public override string ToString() => string.Join(Environment.NewLine, _lines);
    }
}
