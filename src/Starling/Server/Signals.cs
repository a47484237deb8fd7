using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Starling.Node;
using Starling.Node.Telemetry;

namespace Starling.CommandLine.Server;

/// <summary>
/// SIGTERM and SIGINT begin a shutdown, a second SIGINT exits at once; SIGHUP and SIGALRM do nothing, SIGABRT ends the
/// process as it does by itself. For SIGSEGV and its like see <see cref="CrashSignals"/>.
/// </summary>
/// <remarks>
/// The runtime starts a thread for every signal, which takes descriptors for a moment: when none is free the process
/// ends, its data unsaved. So the runtime's own thread that receives the signals hands them to one that was started
/// here, before the first client.
/// </remarks>
internal sealed class Signals : IDisposable
{
    // A watchdog's SIGABRT ends the process at once, as the system has it: the runtime would let the first one pass.
    private const int Abort = 6, Alarm = 14;

    // Kept from the garbage collector: the runtime calls it as long as the process lives.
    private static SystemCalls.SignalHandler? receiver;

    private readonly NodeServer _server;
    private readonly ILogger _log;
    private readonly LogWriter _writer;
    private readonly PosixSignalRegistration[] _registrations;
    private readonly BlockingCollection<PosixSignal> _received = [];

    /// <summary>Handles the signals from now on.</summary>
    public Signals(NodeServer server, ILogger log, LogWriter writer)
    {
        _server = server;
        _log = log;
        _writer = writer;
        new Thread(Handle) { IsBackground = true, Name = "signals" }.Start();
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, Take),
            PosixSignalRegistration.Create(PosixSignal.SIGINT, Take),
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, Take),
            PosixSignalRegistration.Create((PosixSignal)Alarm, Take),
        ];
        InheritedSignals.TakeInterrupt();
        SystemCalls.GiveBack(Abort);
        TakeFromRuntime();
    }

    /// <summary>Gives the signals back.</summary>
    public void Dispose()
    {
        foreach (var registration in _registrations) registration.Dispose();
    }

    /// <summary>Has the runtime call us instead of starting a thread.</summary>
    private void TakeFromRuntime()
    {
        if (!OperatingSystem.IsLinux()) return;
        try
        {
            SystemCalls.SetSignalHandler(receiver = Receive);
        }
        catch (EntryPointNotFoundException)
        {
            // Another runtime, which does it in another way: the registrations get the signals, at the cost of a thread.
            ServerLog.SignalsNeedDescriptors(_log);
        }
    }

    private void Take(PosixSignalContext context) => context.Cancel = Receive((int)context.Signal, context.Signal) != 0;

    /// <summary>On the runtime's thread, which must not wait. Answers 0 for what the runtime is to do itself.</summary>
    private int Receive(int number, PosixSignal signal)
    {
        if (signal is PosixSignal.SIGTERM or PosixSignal.SIGINT) _received.TryAdd(signal);
        else if (signal != PosixSignal.SIGHUP && number != Alarm) return 0; // one without a name has its number alone
        return 1;
    }

    private void Handle()
    {
        while (true)
        {
            if (_received.TryTake(out var signal, CrashSignals.Period)) Stop(signal);
            if (CrashSignals.FindSent() is { } crash) CrashSignals.End(crash, _server, _log, _writer);
        }
    }

    private void Stop(PosixSignal signal)
    {
        var isInterrupt = signal == PosixSignal.SIGINT;
        if (isInterrupt && _server.Shutdown.IsUnderWay)
        {
            ServerLog.ExitingNow(_log);
            _writer.Flush();
            Environment.Exit(1);
        }

        var message = _server.Persistence.IsLoading
            ? "Received shutdown signal during loading, scheduling shutdown."
            : $"Received {signal} scheduling shutdown...";
        ServerLog.SignalReceived(_log, message);
        var words = isInterrupt ? _server.Config.ShutdownOnSigint : _server.Config.ShutdownOnSigterm;
        _server.Shutdown.Begin(ShutdownService.ParseFlags(words));
    }
}
