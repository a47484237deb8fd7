using System.Text.RegularExpressions;

namespace Starling.Architecture.Tests;

/// <summary>House rules that no analyzer knows.</summary>
public partial class TidyTests
{
    private const int LongestFile = 600;

    /// <summary>Files that may be longer. The list only shrinks.</summary>
    private static readonly string[] LongFiles = [];

    [Fact]
    public void No_file_is_longer_than_600_lines()
    {
        var tooLong = Repository.Sources("src", "tests", "bench")
            .Where(file => !LongFiles.Contains(file, StringComparer.Ordinal))
            .Select(file => (File: file, Lines: Repository.Lines(file).Length))
            .Where(entry => entry.Lines > LongestFile)
            .Select(entry => $"{entry.File} has {entry.Lines} lines");
        Assert.Empty(tooLong);
    }

    [Fact]
    public void No_line_of_the_product_is_longer_than_150_columns()
    {
        var tooLong = from file in Repository.Sources("src", "bench")
                      from line in Repository.Lines(file).Select((text, index) => (text, number: index + 1))
                      where line.text.Length > 150
                      select $"{file}:{line.number}";
        Assert.Empty(tooLong);
    }

    [Fact]
    public void No_region_no_left_over_and_no_skipped_test()
    {
        var found = from file in Repository.Sources("src", "tests", "bench")
                    where file != "tests/Architecture/TidyTests.cs"
                    from line in Repository.Lines(file).Select((text, index) => (text, number: index + 1))
                    where LeftOver().IsMatch(line.text)
                    select $"{file}:{line.number}: {line.text.Trim()}";
        Assert.Empty(found);
    }

    [Fact]
    public void No_type_is_spread_over_files()
    {
        var spread = from file in Repository.Sources("src")
                     from line in Repository.Lines(file)
                     let match = PartialType().Match(line)
                     where match.Success
                     group file by match.Groups[1].Value into type
                     where type.Count() > 1
                     select $"{type.Key}: {string.Join(", ", type)}";
        Assert.Empty(spread);
    }

    [Fact]
    public void Only_a_lock_plan_takes_stripes_and_only_the_executor_a_plan()
    {
        // The queues of waiting clients are guarded by the stripes too; who looks at them looks at no key.
        string[] executors = ["src/Node/Execution/Executor.cs", "src/Node/Execution/KeyWaiters.cs"];
        var found = from file in Repository.Sources("src")
                    where !file.StartsWith("src/Slots/", StringComparison.Ordinal)
                    from line in Repository.Lines(file).Select((text, index) => (text, number: index + 1))
                    where (TakesStripes().IsMatch(line.text) && file != "src/Node/Execution/LockPlan.cs")
                        || (TakesPlan().IsMatch(line.text) && !executors.Contains(file, StringComparer.Ordinal))
                    select $"{file}:{line.number}: {line.text.Trim()}";
        Assert.Empty(found);
    }

    /// <summary>The disk stops whoever waits for it: never with a stripe held.</summary>
    [Fact]
    public void Who_uses_the_disk_says_that_it_may_block()
    {
        // The configuration is read before there is a stripe; /proc and the files of sockets are in memory.
        string[] others =
        [
            "src/Node/Config/ConfigLoader.cs", "src/Node/Telemetry/ProcessStatistics.cs", "src/Serving/ClientListener.cs",
            "src/Serving/ProcessMemory.cs",
        ];
        var silent = from file in Repository.Sources("src/Node", "src/ClusterBus", "src/Serving")
                     where !others.Contains(file, StringComparer.Ordinal)
                     let text = string.Join('\n', Repository.Lines(file))
                     where UsesDisk().IsMatch(text) && !text.Contains("LockOrder.AssertMayBlock(", StringComparison.Ordinal)
                     select file;
        Assert.Empty(silent);
    }

    [GeneratedRegex(@"\bRandomAccess\.|\bnew FileStream\(|\bflushToDisk\b|\bFile\.(Move|Delete|Read|Write|Open|Create)|EntryPoint = ""fsync""")]
    private static partial Regex UsesDisk();

    [GeneratedRegex(@"\bLockAll\(|\bLockSlot\(|\b_?[kK]eyspace\.Lock\(")]
    private static partial Regex TakesStripes();

    [GeneratedRegex(@"\.Take\([\w.]*[kK]eyspace\)")]
    private static partial Regex TakesPlan();

    [GeneratedRegex(@"^\s*#region|\bTODO\b|\bFIXME\b|\bHACK\b|\bNotImplementedException\b|Skip\s*=\s*""")]
    private static partial Regex LeftOver();

    [GeneratedRegex(@"\bpartial\s+(?:class|struct|record|interface)\s+(\w+)")]
    private static partial Regex PartialType();
}
