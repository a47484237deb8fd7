// Every task that a developer or CI runs. `./build.sh TARGET` sets up the machine and calls it.
using System.Xml.Linq;

var target = Argument("target", "Test");
var configuration = Argument("configuration", "Release");

const string Solution = "Starling.slnx";
var artifacts = MakeAbsolute(Directory("artifacts"));
var published = artifacts.Combine("starling");

void Dotnet(string command, ProcessArgumentBuilder arguments)
{
    arguments.Prepend(command);
    var code = StartProcess("dotnet", new ProcessSettings { Arguments = arguments });
    if (code != 0) throw new CakeException(code, $"dotnet {command} failed with exit code {code}");
}

ProcessArgumentBuilder Arguments(params string[] arguments)
{
    var builder = new ProcessArgumentBuilder();
    foreach (var argument in arguments) builder.AppendQuoted(argument);
    return builder;
}

Task("Restore")
    .Description("Restores the packages.")
    .Does(() => Dotnet("restore", Arguments(Solution, "--verbosity", "quiet")));

Task("Build")
    .Description("Builds everything; a warning is an error.")
    .IsDependentOn("Restore")
    .Does(() => Dotnet("build", Arguments(Solution, "--configuration", configuration, "--no-restore", "--nologo", "--verbosity", "minimal")));

Task("Format")
    .Description("Fails when dotnet format would change a file.")
    .IsDependentOn("Restore")
    .Does(() => Dotnet("format", Arguments(Solution, "--verify-no-changes", "--no-restore", "--severity", "warn")));

Task("Publish")
    .Description("Puts the starling executable, compiled ahead of time (ReadyToRun), into artifacts/starling.")
    .Does(() =>
    {
        var architecture = System.Runtime.InteropServices.RuntimeInformation.OSArchitecture;
        var runtime = architecture == System.Runtime.InteropServices.Architecture.Arm64 ? "linux-arm64" : "linux-x64";
        Dotnet("publish", Arguments("src/Starling/Starling.csproj", "--configuration", "Release", "--runtime", runtime,
            "--self-contained", "false", "-p:PublishReadyToRun=true", "--output", published.FullPath, "--nologo", "--verbosity", "quiet"));

        // The Lua that scripts run in lies beside the executable, so that it can be taken elsewhere.
        var folders = new[] { "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib", "/lib/x86_64-linux-gnu" };
        var lua = folders.Select(folder => folder + "/liblua5.1.so.0").FirstOrDefault(System.IO.File.Exists);
        if (lua is not null) System.IO.File.Copy(lua, published.CombineWithFilePath("liblua5.1.so.0").FullPath, overwrite: true);
    });

Task("Test")
    .Description("Format, build and all tests; prints how many passed and failed.")
    .IsDependentOn("Format")
    .IsDependentOn("Build")
    .IsDependentOn("Publish")
    .Does(() =>
    {
        var results = artifacts.Combine("tests");
        EnsureDirectoryExists(results);
        CleanDirectory(results);
        Environment.SetEnvironmentVariable("STARLING_EXECUTABLE", published.CombineWithFilePath("starling").FullPath);
        var failedRuns = 0;
        // One project after the other: two cores, and the end-to-end tests wait for real clocks.
        foreach (var project in GetFiles("tests/**/*.Tests.csproj").OrderBy(file => file.FullPath, StringComparer.Ordinal))
        {
            Information("Testing {0}", project.GetFilenameWithoutExtension());
            var code = StartProcess("dotnet", new ProcessSettings
            {
                Arguments = Arguments("test", project.FullPath, "--configuration", configuration, "--no-build", "--nologo",
                    "--logger", $"trx;LogFileName={project.GetFilenameWithoutExtension()}.trx",
                    "--logger", "console;verbosity=minimal", "--results-directory", results.FullPath,
                    "--blame-hang-timeout", "10m"),
            });
            if (code != 0) failedRuns++;
        }

        int passed = 0, failed = 0;
        foreach (var file in GetFiles(results.FullPath + "/*.trx"))
        {
            var counters = XDocument.Load(file.FullPath).Descendants().First(element => element.Name.LocalName == "Counters");
            int Count(string name) => int.Parse(counters.Attribute(name)?.Value ?? "0");
            var skipped = Count("total") - Count("executed");
            if (skipped > 0) throw new CakeException($"{file.GetFilename()}: {skipped} tests were skipped; no test may skip");
            passed += Count("passed");
            failed += Count("executed") - Count("passed");
        }

        if (failedRuns > 0 && failed == 0) failed = failedRuns; // a run that crashed before it could count
        System.IO.File.WriteAllText(results.CombineWithFilePath("summary.txt").FullPath, $"{passed} passed, {failed} failed\n");
        if (failed > 0) throw new CakeException($"{failed} tests failed");
        if (passed == 0) throw new CakeException("no test ran");
    });

Task("Simulate")
    .Description("Rehearses cluster failures in virtual time: --seed N --count M, --lines L of the log where one fails.")
    .Does(() =>
    {
        Dotnet("run", Arguments("--project", "tests/Simulator", "--configuration", "Release", "--",
            "--seed", Argument("seed", "1"), "--count", Argument("count", "100"), "--minutes", Argument("minutes", "10"),
            "--threads", Argument("threads", "1"), "--lines", Argument("lines", "150")));
    });

Task("Soak")
    .Description("Compares --commands N of each type with redis-server, fuzzes for --seconds T each, kills masters of a real cluster under load "
        + "(--kills N), then long simulations on all processors: --seed N --count M, each of ten virtual minutes.")
    .IsDependentOn("Publish")
    .Does(() =>
    {
        Environment.SetEnvironmentVariable("STARLING_EXECUTABLE", published.CombineWithFilePath("starling").FullPath);
        Environment.SetEnvironmentVariable("STARLING_DIFFERENTIAL_COMMANDS", Argument("commands", "200000"));
        Dotnet("test", Arguments("tests/Node", "--configuration", "Release", "--filter", "FullyQualifiedName~DifferentialTests",
            "--logger", "console;verbosity=detailed"));
        Environment.SetEnvironmentVariable("STARLING_DIFFERENTIAL_COMMANDS", null);
        Dotnet("run", Arguments("--project", "tests/Fuzzer", "--configuration", "Release", "--",
            "--target", "all", "--seed", Argument("seed", "1"), "--count", Argument("payloads", "1000000"),
            "--seconds", Argument("seconds", "1800")));
        Environment.SetEnvironmentVariable("STARLING_KILLS", Argument("kills", "20"));
        Dotnet("test", Arguments("tests/EndToEnd", "--configuration", "Release", "--filter", "FullyQualifiedName~KilledMastersTests",
            "--logger", "console;verbosity=detailed"));
        Dotnet("run", Arguments("--project", "tests/Simulator", "--configuration", "Release", "--",
            "--seed", Argument("seed", "1"), "--count", Argument("count", "10000"), "--minutes", Argument("minutes", "10"),
            "--threads", Environment.ProcessorCount.ToString(System.Globalization.CultureInfo.InvariantCulture)));
    });

Task("Bench")
    .Description("Starling beside redis-server and Garnet in one run: CPU per operation of 40 commands, bytes per key. Options: docs/benchmarks.md.")
    .IsDependentOn("Publish")
    .Does(() =>
    {
        var arguments = Arguments("run", "--project", "bench/SideBySide", "--configuration", "Release", "--",
            "--starling", published.CombineWithFilePath("starling").FullPath);
        foreach (var name in new[] { "commands", "pipelines", "rounds", "keys", "garnet", "failover-rounds", "save", "list-elements",
                "string-bytes", "memory", "mixed", "eviction" })
            if (HasArgument(name)) arguments.Append("--" + name).AppendQuoted(Argument<string>(name));
        foreach (var name in new[] { "quick", "replica" })
            if (HasArgument(name)) arguments.Append("--" + name);
        var code = StartProcess("dotnet", new ProcessSettings { Arguments = arguments });
        if (code != 0) throw new CakeException(code, $"the comparison failed with exit code {code}");
    });

Task("Micro")
    .Description("BenchmarkDotNet on the small parts: --filter PATTERN.")
    .Does(() => Dotnet("run", Arguments("--project", "bench/Micro", "--configuration", "Release", "--", "--filter", Argument("filter", "*"))));

Task("Clean")
    .Description("Removes what was built.")
    .Does(() =>
    {
        CleanDirectories("**/bin");
        CleanDirectories("**/obj");
        CleanDirectory(artifacts);
    });

Task("Run")
    .Description("A local cluster of three masters and three replicas; ./build.sh Run does the same with Ctrl-C at its best.")
    .IsDependentOn("Publish")
    .Does(() => StartProcess(published.CombineWithFilePath("starling"), new ProcessSettings { Arguments = "cluster up" }));

RunTarget(target);
