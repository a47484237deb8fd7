using Starling.Tests.Support;

namespace Starling.Executable.Tests;

/// <summary>Signals that shells, containers, timers and logrotate send, beside what redis-server does.</summary>
public sealed class SignalTests
{
    private const int SegmentationFault = 11;
    private const int ExitOfSignal = 128; // and the signal's number on top
    private const int ExitOfFault = ExitOfSignal + SegmentationFault;
    private const int MostCrashesOfReports = 10;

    [Theory]
    [InlineData(1, true)] // SIGHUP
    [InlineData(2, false)] // SIGINT
    [InlineData(3, false)] // SIGQUIT
    [InlineData(4, false)] // SIGILL
    [InlineData(6, false)] // SIGABRT: a watchdog's
    [InlineData(7, false)] // SIGBUS
    [InlineData(8, false)] // SIGFPE
    [InlineData(10, false)] // SIGUSR1
    [InlineData(11, false)] // SIGSEGV
    [InlineData(12, false)] // SIGUSR2
    [InlineData(13, true)] // SIGPIPE
    [InlineData(14, true)] // SIGALRM
    [InlineData(15, false)] // SIGTERM
    [InlineData(16, false)] // SIGSTKFLT
    [InlineData(17, true)] // SIGCHLD
    [InlineData(18, true)] // SIGCONT
    [InlineData(23, true)] // SIGURG
    [InlineData(24, false)] // SIGXCPU
    [InlineData(25, false)] // SIGXFSZ
    [InlineData(26, false)] // SIGVTALRM
    [InlineData(27, false)] // SIGPROF
    [InlineData(28, true)] // SIGWINCH
    [InlineData(29, false)] // SIGIO
    [InlineData(30, false)] // SIGPWR
    [InlineData(31, false)] // SIGSYS
    [InlineData(35, false)] // the second real-time signal
    [InlineData(64, false)] // the last one
    public void A_signal_does_what_it_does_to_redis_server(int signal, bool survives)
    {
        var expected = Send(Executables.RedisServer, [signal], survives);

        // Now and then redis-server's report of the crash crashes itself.
        for (var i = 0; i < MostCrashesOfReports && expected == ExitOfFault && signal != SegmentationFault; i++)
            expected = Send(Executables.RedisServer, [signal], survives);
        Assert.Equal(expected, Send(Executables.Starling, [signal], survives));
    }

    /// <summary>The runtime has both for itself: debuggers' breakpoints are SIGTRAP, and it stops its threads by the other.</summary>
    [Theory]
    [InlineData(5, false, ExitOfSignal + 6)] // SIGTRAP, ends by SIGABRT
    [InlineData(34, true, 0)] // the first real-time signal
    public void The_runtimes_own_signals_do_what_the_manual_says(int signal, bool survives, int exitCode)
    {
        Assert.Equal(ExitOfSignal + signal, Send(Executables.RedisServer, [signal], survives: false));
        Assert.Equal(exitCode, Send(Executables.Starling, [signal], survives));
    }

    [Theory]
    [InlineData(true, 1, 1)] // SIGHUP twice
    [InlineData(true, 14, 14, 14)] // SIGALRM
    [InlineData(true, 19, 18)] // SIGSTOP, SIGCONT
    [InlineData(false, 15, 15)] // SIGTERM twice
    [InlineData(false, 1, 15)]
    [InlineData(false, 14, 15)]
    [InlineData(false, 19, 15, 18)] // SIGTERM while it is stopped
    public void Signals_in_a_row_do_what_they_do_to_redis_server(bool survives, params int[] signals)
    {
        string[] programs = [Executables.RedisServer, Executables.Starling];
        var exitCodes = programs.Select(program => Send(program, signals, survives)).ToArray();
        Assert.Equal(exitCodes[0], exitCodes[1]);
    }

    [Fact]
    public void A_crash_that_somebody_asked_for_is_reported()
    {
        var port = Ports.Take();
        using var server = new RunningServer(["server", "--port", RunningServer.Text(port), "--bind", "127.0.0.1", "--save", ""]);
        Wait.Until("it answers", () => Ping(port));
        server.Send(SegmentationFault);
        Assert.Equal(ExitOfFault, server.WaitForExit());
        string[] lines = ["REDIS BUG REPORT START", "crashed by signal: 11", "------ INFO OUTPUT ------", "used_memory:", "REDIS BUG REPORT END"];
        Assert.All(lines, line => Assert.Contains(line, server.Output, StringComparison.Ordinal));
    }

    [Fact]
    public void Sigint_ends_a_server_that_a_shell_started_in_its_background()
    {
        // Such a shell has the program ignore SIGINT.
        var port = Ports.Take();
        using var server = new RunningServer(
            ["-c", $"trap '' INT; exec {Executables.Starling} server --save '' --bind 127.0.0.1 --port {port}"], "/bin/sh");
        server.WaitForLine("Ready to accept connections");
        server.Send(RunningServer.SignalInterrupt);
        Assert.Equal(0, server.WaitForExit());
    }

    private static int Send(string program, int[] signals, bool survives)
    {
        var port = Ports.Take();
        string[] start = program == Executables.Starling ? [program, "server"] : [program];

        // A shell that runs the tests in its background has them ignore SIGINT and SIGQUIT, and so what they start.
        using var server = new RunningServer(
            ["--default-signal", .. start, "--port", RunningServer.Text(port), "--bind", "127.0.0.1", "--save", ""], "/usr/bin/env");
        Wait.Until("it answers", () => Ping(port));
        foreach (var signal in signals) server.Send(signal);
        if (survives)
        {
            Assert.True(Ping(port));
            server.Send(RunningServer.SignalTerminate);
        }

        return server.WaitForExit();
    }

    private static bool Ping(int port)
    {
        using var connection = new RespConnection(port);
        return connection.Text("PING") == "PONG";
    }
}
