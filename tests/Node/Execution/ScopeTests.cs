using System.Diagnostics;
using System.Text;
using Starling.Node.Execution;
using Starling.Node.Tests.Persistence;

namespace Starling.Node.Tests.Execution;

/// <summary>What the end of a scope does, and what it does not let pass.</summary>
public sealed class ScopeTests
{
    private const string LeavesOpen = "STARLING_TEST_LEAVES_EFFECT_OPEN";

    [Fact]
    public void What_waits_for_the_end_of_a_scope_runs_under_no_stripe()
    {
        using var host = new PersistenceHost();
        var hadAll = false;
        using (var scope = host.Server.Executor.Open(LockPlan.All))
        {
            scope.Call.Afterwards.Enqueue(() =>
            {
                var other = new Thread(() =>
                {
                    using (host.Server.Executor.Open(LockPlan.All)) Volatile.Write(ref hadAll, true);
                })
                { IsBackground = true };
                other.Start();
                other.Join(TimeSpan.FromMinutes(1));
            });
        }

        Assert.True(Volatile.Read(ref hadAll));
    }

    /// <summary>In a child process told to do so it leaves the second effect open.</summary>
    [Fact]
    public void Effects_that_are_ended_are_whole()
    {
        var effects = new EffectBuffer();
        effects.Delete(0, "a"u8, lazily: false);
        var start = effects.BeginOpen(0);
        effects.Argument("DEL"u8);
        effects.Argument("b"u8);
        if (Environment.GetEnvironmentVariable(LeavesOpen) is null) effects.EndOpen(start, 2);
        Assert.Equal(
            "*2\r\n$3\r\nDEL\r\n$1\r\na\r\n*2\r\n$3\r\nDEL\r\n$1\r\nb\r\n", Encoding.ASCII.GetString(effects.Piece(0)));
    }

    [Fact]
    public async Task An_effect_that_is_left_open_stops_the_process()
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("vstest");
        start.ArgumentList.Add(typeof(ScopeTests).Assembly.Location);
        start.ArgumentList.Add("--TestCaseFilter:FullyQualifiedName~" + nameof(Effects_that_are_ended_are_whole));
        start.Environment[LeavesOpen] = "1";
        using var child = Process.Start(start)!;
        var errors = child.StandardError.ReadToEndAsync();
        var output = await child.StandardOutput.ReadToEndAsync() + await errors;
        await child.WaitForExitAsync();
        Assert.NotEqual(0, child.ExitCode);
        Assert.Contains("invariant broken", output, StringComparison.Ordinal);
    }
}
