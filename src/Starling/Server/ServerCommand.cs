using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Starling.ClusterBus.Host;
using Starling.Node;
using Starling.Node.Config;
using Starling.Node.Telemetry;

namespace Starling.CommandLine.Server;

/// <summary>
/// <c>starling server</c>: loads the configuration, goes to the background if asked, runs the server until it is told
/// to stop.
/// </summary>
internal static class ServerCommand
{
    private static string VersionLine =>
        $"Starling server v={ServerVersion.Starling} redis={ServerVersion.Redis} bits={IntPtr.Size * 8} malloc=starling";

    /// <summary>Runs a server and answers the exit code.</summary>
    /// <param name="arguments">Redis's arguments: [file] [-] [--directive value ...].</param>
    public static int Run(string[] arguments)
    {
        if (arguments is ["-v" or "--version", ..])
        {
            Console.Out.WriteLine(VersionLine);
            return 0;
        }

        if (arguments is ["-h" or "--help", ..])
        {
            Console.Out.Write(Usage.Text);
            return 0;
        }

        if (SystemCalls.MostDescriptors() is var most && most < Preparation.FewestDescriptors)
        {
            return Fail(
                $"Your current 'ulimit -n' of {most} is not enough for the server to start. "
                + $"Please increase your open file limit to at least {Preparation.FewestDescriptors}. Exiting.");
        }

        TieringThread.Keep();
        return RunConfigured(arguments);
    }

    /// <summary>In a method of its own: with too few descriptors the parts that it needs could not be loaded.</summary>
    private static int RunConfigured(string[] arguments)
    {
        var isDaemon = Daemon.TakeMarker();
        var parsed = ServerArguments.Parse(arguments);
        using var input = new MemoryStream();
        if (parsed.ReadsStandardInput)
        {
            using var standardInput = Console.OpenStandardInput();
            standardInput.CopyTo(input);
            input.Position = 0;
        }

        if (!ConfigLoader.TryLoad(parsed, () => input, out var config, out var error))
        {
            Console.Error.Write(error.Describe($"{ServerVersion.Redis}, Starling {ServerVersion.Starling}"));
            return 1;
        }

        var supervision = Supervision.Detect(config.Supervised);
        if (config.Daemonize && !supervision.IsSupervised && !isDaemon)
            return Daemon.TrySpawn(input.ToArray(), out var reason) ? 0 : Fail("Can't run in the background: " + reason);

        // A daemon's relative paths, and those of later CONFIG SETs, are relative to dir.
        if (ChangeDirectory(config) is { } refused) return Fail($"Can't change the working directory to '{config.Dir}': {refused}");
        if (isDaemon) config.PidFile ??= "/var/run/redis.pid";
        return Serve(config, supervision, arguments.Length == 0);
    }

    private static int Serve(ServerConfig config, Supervision supervision, bool isWithoutArguments)
    {
        using var writer = new LogWriter(config.LogFile.Length == 0 ? null : config.PathOf(config.LogFile));
        using var loggers = new ServerLoggerFactory(config, TimeProvider.System, writer);
        var log = loggers.CreateLogger("starling");
        AppDomain.CurrentDomain.UnhandledException += (_, e) =>
        {
            if (e.ExceptionObject is Exception exception) ServerLog.Unhandled(log, exception);
            writer.Flush();
        };
        LogStart(log, config, isWithoutArguments);
        supervision.Announce(log);
        StartChecks.Run(log, config);
        Preparation.Run();

        if (TryMake(config, loggers, log) is not { } server) return 1;
        loggers.Role = () => server.Replication.IsReplica ? 'S' : 'M';
        config.OnApply("dir", () => ChangeDirectory(config));
        server.Shutdown.NotifySupervisor = supervision.Notify;
        server.Shutdown.Exit = () =>
        {
            writer.Flush();
            Environment.Exit(0);
        };
        server.Fail = (reason, error) =>
        {
            writer.Flush();
            Environment.FailFast(reason, error);
        };
        using var signals = new Signals(server, log, writer);
        try
        {
            ServerLog.Banner(
                log,
                ServerVersion.Starling,
                config.ClusterEnabled ? "cluster" : "standalone",
                config.Port,
                Environment.ProcessId);
            server.Start();
        }
        catch (Exception e) when (e is ServerStartException or ClusterStartException)
        {
            ServerLog.CannotStart(log, e.Message);
            writer.Flush();
            return 1;
        }

        if (config.PidFile is { } pidFile) PidFile.Write(log, config.PathOf(pidFile));
        supervision.Ready(server.Replication.IsReplica);
        Thread.Sleep(Timeout.Infinite);
        return 0;
    }

    /// <summary>The server; null when its databases are more than the memory takes.</summary>
    private static NodeServer? TryMake(ServerConfig config, ServerLoggerFactory loggers, ILogger log)
    {
        try
        {
            return new NodeServer(config, loggers, TimeProvider.System);
        }
        catch (OutOfMemoryException)
        {
            ServerLog.CannotStart(log, $"Out of memory making {config.Databases} databases. Exiting.");
            return null;
        }
    }

    private static void LogStart(ILogger log, ServerConfig config, bool isWithoutArguments)
    {
        ServerLog.Starting(log);
        ServerLog.Version(log, ServerVersion.Starling, ServerVersion.Redis, Environment.ProcessId);
        if (isWithoutArguments) ServerLog.NoConfigurationFile(log, Environment.ProcessPath ?? "starling");
        else ServerLog.ConfigurationLoaded(log);
        if (!TieringThread.IsSettled) ServerLog.TieringThreadEnds(log);
        if (config.SetWithoutEffect.Count > 0) ServerLog.WithoutEffect(log, string.Join(", ", config.SetWithoutEffect));
    }

    /// <summary>Goes to <c>dir</c>; answers why that cannot be, or null.</summary>
    private static string? ChangeDirectory(ServerConfig config)
    {
        // Nobody has set it. It may have been removed meanwhile: then there is nothing to go to, and no need.
        if (config.Dir == ".") return null;
        try
        {
            Directory.SetCurrentDirectory(config.Dir);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e is UnauthorizedAccessException ? "Permission denied" : Marshal.GetLastPInvokeErrorMessage();
        }
    }

    private static int Fail(string message)
    {
        Console.Error.WriteLine(message);
        return 1;
    }
}
