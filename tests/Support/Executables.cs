using System.Runtime.CompilerServices;

namespace Starling.Tests.Support;

/// <summary>Where the programs under test are. A missing one is an exception, never a skipped test.</summary>
public static class Executables
{
    /// <summary>
    /// The starling executable: STARLING_EXECUTABLE, else the published one, else the newest that was built.
    /// </summary>
    public static string Starling { get; } = FindStarling();

    /// <summary>The redis-server of the system.</summary>
    public static string RedisServer => Find("redis-server");

    /// <summary>The redis-cli of the system.</summary>
    public static string RedisCli => Find("redis-cli");

    /// <summary>The root of the source tree.</summary>
    public static string RepositoryRoot { get; } = FindRoot();

    /// <summary>A program on the PATH.</summary>
    public static string Find(string program)
    {
        foreach (var folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'))
        {
            var file = Path.Combine(folder, program);
            if (File.Exists(file)) return file;
        }

        throw new FileNotFoundException($"{program} is not installed; ./build.sh Test installs it");
    }

    private static string FindStarling()
    {
        var named = Environment.GetEnvironmentVariable("STARLING_EXECUTABLE");
        if (!string.IsNullOrEmpty(named)) return named;
        var root = FindRoot();
        string[] candidates =
        [
            Path.Combine(root, "artifacts/starling/starling"),
            Path.Combine(root, "src/Starling/bin/Release/net10.0/starling"),
            Path.Combine(root, "src/Starling/bin/Debug/net10.0/starling"),
        ];
        return candidates.Where(File.Exists).OrderByDescending(File.GetLastWriteTimeUtc).FirstOrDefault()
            ?? throw new FileNotFoundException("starling is not built; ./build.sh Publish does it");
    }

    private static string FindRoot([CallerFilePath] string thisFile = "")
    {
        var folder = Path.GetDirectoryName(thisFile);
        while (folder is not null && !File.Exists(Path.Combine(folder, "Starling.slnx"))) folder = Path.GetDirectoryName(folder);
        return folder ?? throw new InvalidOperationException("Starling.slnx was not found above " + thisFile);
    }
}
