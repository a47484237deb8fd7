using System.Diagnostics;

namespace Starling.Tests.Support;

/// <summary>Runs a program to its end and keeps what it printed.</summary>
public static class ProgramRun
{
    /// <summary>Runs a program; both outputs together in the answer.</summary>
    /// <param name="program">Path or name.</param>
    /// <param name="arguments">Arguments.</param>
    /// <param name="input">Standard input.</param>
    /// <param name="folder">Working directory.</param>
    public static (int ExitCode, string Output) Run(string program, string[] arguments, string input = "", string? folder = null)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder ?? "",
        };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start");
        var output = new System.Text.StringBuilder();
        void Keep(string? line)
        {
            if (line is null) return;
            lock (output) output.AppendLine(line);
        }

        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        if (!process.WaitForExit(TimeSpan.FromMinutes(5)))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} did not end:\n{output}");
        }

        process.WaitForExit(); // drains the two outputs
        lock (output) return (process.ExitCode, output.ToString());
    }

    /// <summary>Runs redis-cli; an exit code other than 0 is an exception.</summary>
    public static string RedisCli(params string[] arguments) => RedisCliWithInput("", arguments);

    /// <summary>Runs redis-cli with standard input; an exit code other than 0 is an exception.</summary>
    public static string RedisCliWithInput(string input, params string[] arguments)
    {
        var (exitCode, output) = Run(Executables.RedisCli, arguments, input);
        if (exitCode != 0) throw new InvalidOperationException($"redis-cli {string.Join(' ', arguments)} exited with {exitCode}:\n{output}");
        return output;
    }
}
