using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Starling.Node;
using Starling.Node.Telemetry;

namespace Starling.CommandLine.Server;

/// <summary>SIGTERM and SIGINT begin a shutdown, a second SIGINT exits at once; SIGHUP and SIGALRM do nothing.</summary>
internal sealed class Signals : IDisposable
{
    private const int Interrupt = 2, Alarm = 14, Terminate = 15;

    private readonly NodeServer _server;
    private readonly ILogger _log;
    private readonly LogWriter _writer;
    private readonly PosixSignalRegistration[] _registrations;

    /// <summary>Handles the signals from now on.</summary>
    public Signals(NodeServer server, ILogger log, LogWriter writer)
    {
        _server = server;
        _log = log;
        _writer = writer;
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop),
            PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop),
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => context.Cancel = true),
            PosixSignalRegistration.Create((PosixSignal)Alarm, context => context.Cancel = true),
        ];
        if (OperatingSystem.IsLinux()) TakeInterrupt();
    }

    /// <summary>Gives the signals back.</summary>
    public void Dispose()
    {
        foreach (var registration in _registrations) registration.Dispose();
    }

    /// <summary>
    /// A shell starts what runs in its background with SIGINT ignored, and the runtime leaves it at that. redis-server
    /// does not: SIGINT gets the runtime's handler, which is one for all signals, from SIGTERM.
    /// </summary>
    private static void TakeInterrupt()
    {
        var action = new nint[SystemCalls.ActionLength];
        if (SystemCalls.Action(Interrupt, null, action) != 0 || action[0] != SystemCalls.Ignored) return;
        if (SystemCalls.Action(Terminate, null, action) == 0) _ = SystemCalls.Action(Interrupt, action, null);
    }

    private void Stop(PosixSignalContext context)
    {
        context.Cancel = true;
        var isInterrupt = context.Signal == PosixSignal.SIGINT;
        if (isInterrupt && _server.Shutdown.IsUnderWay)
        {
            ServerLog.ExitingNow(_log);
            _writer.Flush();
            Environment.Exit(1);
        }

        var message = _server.Persistence.IsLoading
            ? "Received shutdown signal during loading, scheduling shutdown."
            : $"Received {context.Signal} scheduling shutdown...";
        ServerLog.SignalReceived(_log, message);
        var words = isInterrupt ? _server.Config.ShutdownOnSigint : _server.Config.ShutdownOnSigterm;
        _server.Shutdown.Begin(ShutdownService.ParseFlags(words));
    }
}
