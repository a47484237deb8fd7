using System.Globalization;
using Starling.Tests.Support;

namespace Starling.Executable.Tests;

/// <summary>A slice of what <c>./build.sh Soak</c> runs for long: inputs guided by the branches that they reach.</summary>
public class CoverageFuzzTests
{
    private const int Count = 5000;
    private const int MostSeconds = 120;

    [Theory]
    [InlineData("restore")]
    [InlineData("rdb")]
    [InlineData("bus")]
    [InlineData("nodes")]
    [InlineData("requests")]
    public void No_changed_input_breaks_anything(string target)
    {
        var findings = Directory.CreateTempSubdirectory("starling-findings-").FullName;
        try
        {
            var (exitCode, output) = ProgramRun.Run(
                "dotnet", [Program(), "--target", target, "--count", Text(Count), "--seconds", Text(MostSeconds), "--findings", findings]);
            Assert.True(exitCode == 0, output);
            Assert.Contains(" kept, ", output, StringComparison.Ordinal);
            Assert.DoesNotContain(", 0 branches", output, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(findings, recursive: true);
        }
    }

    /// <summary>The program that was built beside these tests.</summary>
    private static string Program()
    {
        var configuration = Path.GetFileName(Path.GetDirectoryName(AppContext.BaseDirectory.TrimEnd('/')))!;
        return Path.Combine(Executables.RepositoryRoot, "tests/Fuzzer/bin", configuration, "net10.0", "Starling.Fuzzer.dll");
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
