using System.Diagnostics;
using System.Globalization;
using Garnet;
using Starling.Tests.Support;

namespace Starling.Bench.SideBySide;

/// <summary>Garnet, hosted by this program in a process of its own.</summary>
internal sealed class GarnetProcess : IDisposable
{
    /// <summary>The command that <see cref="Host"/> runs under.</summary>
    public const string Command = "host-garnet";

    private readonly Process _process;
    private readonly string _folder = Directory.CreateTempSubdirectory("starling-bench-").FullName;

    /// <summary>Starts it and waits until it answers PING.</summary>
    public GarnetProcess()
    {
        Port = Ports.Take();
        var start = new ProcessStartInfo(Environment.ProcessPath ?? throw new InvalidOperationException("this program has no path"))
        {
            WorkingDirectory = _folder,
            RedirectStandardOutput = true,
        };
        start.ArgumentList.Add(Command);
        start.ArgumentList.Add(Port.ToString(CultureInfo.InvariantCulture));
        start.Environment["DOTNET_gcServer"] = "1"; // as its own executable has it
        _process = Process.Start(start) ?? throw new InvalidOperationException("the process did not start");
        _process.OutputDataReceived += (_, _) => { }; // a full pipe would stop it
        _process.BeginOutputReadLine();
        Wait.Until("Garnet answers", () =>
        {
            using var connection = new RespConnection(Port);
            return connection.Call("PING") is "PONG";
        });
    }

    /// <summary>Its port on this machine.</summary>
    public int Port { get; }

    /// <summary>Its process id.</summary>
    public int Id => _process.Id;

    /// <summary>Serves until the process is killed.</summary>
    public static void Host(int port)
    {
        using var server = new GarnetServer(
        [
            "--port", port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--memory", "2g", "--index", "64m",
            "--logger-level", "Error",
        ]);
        server.Start();
        Thread.Sleep(Timeout.Infinite);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
