using Starling.Tests.Support;

namespace Starling.Executable.Tests;

public class CommandLineTests
{
    [Theory]
    [InlineData("server|--port|abc", "'port \"abc\"'", "argument couldn't be parsed into an integer")]
    [InlineData("server|--invalid", ">>> 'invalid'", "Bad directive or wrong number of arguments")]
    [InlineData("server|--port", ">>> 'port'", "wrong number of arguments")]
    [InlineData("server|--port|6380|--loglevel", ">>> 'loglevel'", "wrong number of arguments")]
    [InlineData("server|--port|6379|6380", ">>> 'port \"6379\" \"6380\"'", "wrong number of arguments")]
    [InlineData("server|--port|--bla|--loglevel|verbose", ">>> 'port \"--bla\"'", "argument couldn't be parsed into an integer")]
    [InlineData("server|--replicaof|127.0.0.1|abc", ">>> 'replicaof \"127.0.0.1\" \"abc\"'", "Invalid master port")]
    [InlineData("server|--appendonly|yes", ">>> 'appendonly \"yes\"'", "appendonly is not supported yet")]
    [InlineData("--port|abc", ">>> 'port \"abc\"'", "argument couldn't be parsed into an integer")]
    public void A_bad_directive_ends_with_redis_error_and_exit_code_1(string arguments, string line, string reason)
    {
        var (exitCode, output) = ProgramRun.Run(Executables.Starling, arguments.Split('|'));
        Assert.Equal(1, exitCode);
        Assert.Contains("*** FATAL CONFIG FILE ERROR", output, StringComparison.Ordinal);
        Assert.Contains("Reading the configuration file, at line ", output, StringComparison.Ordinal);
        Assert.Contains(line, output, StringComparison.Ordinal);
        Assert.Contains(reason, output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        var (exitCode, output) = ProgramRun.Run(Executables.Starling, ["server", "/nonexistent/redis.conf"]);
        Assert.Equal(1, exitCode);
        Assert.Contains("Fatal error, can't open config file '/nonexistent/redis.conf': No such file or directory", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("server|--version")]
    [InlineData("server|-v")]
    public void The_version_names_both_versions(string arguments)
    {
        var (exitCode, output) = ProgramRun.Run(Executables.Starling, arguments.Split('|'));
        Assert.Equal(0, exitCode);
        Assert.Matches("v=[0-9.]+ redis=7[0-9.]+", output);
    }

    [Theory]
    [InlineData("server|--help", "Usage: starling server")]
    [InlineData("--help", "server")]
    public void Help_tells_how(string arguments, string expected)
    {
        var (exitCode, output) = ProgramRun.Run(Executables.Starling, arguments.Split('|'));
        Assert.Equal(0, exitCode);
        Assert.Contains(expected, output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/nonexistent/dump.rdb", "Cannot read '/nonexistent/dump.rdb'")]
    [InlineData("/", "Cannot read '/'")]
    [InlineData("/proc/self/status", "Wrong signature trying to load DB from file")]
    public void Checking_a_file_that_is_no_rdb_file_ends_with_1(string path, string reason)
    {
        var (exitCode, output) = ProgramRun.Run(Executables.Starling, ["check-rdb", path]);
        Assert.Equal(1, exitCode);
        Assert.Contains(reason, output, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_command_is_an_error()
    {
        var (exitCode, output) = ProgramRun.Run(Executables.Starling, ["srever"]);
        Assert.NotEqual(0, exitCode);
        Assert.Contains("srever", output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_configuration_may_come_from_standard_input()
    {
        var (exitCode, output) = ProgramRun.Run(Executables.Starling, ["server", "-"], "port 1\nhz x\n");
        Assert.Equal(1, exitCode);
        Assert.Contains("at line 2\n>>> 'hz x'", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_link_named_redis_server_takes_redis_arguments()
    {
        var folder = Directory.CreateTempSubdirectory("starling-link-").FullName;
        try
        {
            var link = Path.Combine(folder, "redis-server");
            File.CreateSymbolicLink(link, Executables.Starling);
            var (exitCode, output) = ProgramRun.Run(link, ["--hz", "x"]);
            Assert.Equal(1, exitCode);
            Assert.Contains(">>> 'hz \"x\"'", output, StringComparison.Ordinal);
            Assert.Contains("v=", ProgramRun.Run(link, ["--version"]).Output, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
