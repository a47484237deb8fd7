using Starling.Node.Persistence;

namespace Starling.CommandLine.CheckRdb;

/// <summary><c>starling check-rdb FILE</c>: tells whether an RDB file can be loaded.</summary>
internal static class CheckRdbCommand
{
    /// <summary>Checks a file and prints the report.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The exit code: 0 when the file has no fault, otherwise 1.</returns>
    public static int Run(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return new RdbCheck(Console.Out, TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds()).Run(path, file) ? 0 : 1;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            Console.Error.WriteLine($"Cannot read '{path}': {failure.Message}");
            return 1;
        }
    }
}
