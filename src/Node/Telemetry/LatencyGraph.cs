using System.Globalization;
using System.Text;

namespace Starling.Node.Telemetry;

/// <summary>Draws the samples of an event as Redis does (LATENCY GRAPH): a column for each, its age below it.</summary>
internal static class LatencyGraph
{
    private const int Rows = 4;
    private const int Columns = 80;
    private const string Tops = "_o#"; // of a column, by how much of its topmost row it fills
    private const char Body = '|';

    /// <summary>Draws a series.</summary>
    /// <param name="series">The series.</param>
    /// <param name="now">The time, in seconds of Unix time.</param>
    public static string Draw(LatencySeries series, long now)
    {
        var samples = series.Samples;
        var high = samples.Max(sample => sample.Milliseconds);
        var low = samples.Min(sample => sample.Milliseconds);
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{series.Event} - high {high} ms, low {low} ms (all time high {series.Longest} ms)\n");
        text.Append('-', Columns).Append('\n');
        var isFirst = true;
        foreach (var part in samples.Chunk(Columns))
        {
            if (!isFirst) text.Append('\n');
            isFirst = false;
            var levels = part.Select(sample => Level(sample.Milliseconds, low, high)).ToArray();
            DrawColumns(text, levels);
            DrawAges(text, part.Select(sample => Age(now - sample.Time)).ToArray());
        }

        return text.ToString();
    }

    /// <summary>The step that a duration reaches, 0 to the last one.</summary>
    private static int Level(long value, long low, long high)
    {
        var levels = Rows * Tops.Length;
        return high == low ? 0 : Math.Min(levels - 1, (int)((double)(value - low) / (high - low) * levels));
    }

    private static void DrawColumns(StringBuilder text, int[] levels)
    {
        for (var row = Rows - 1; row >= 0; row--)
        {
            foreach (var level in levels)
            {
                var top = level / Tops.Length;
                text.Append(top > row ? Body : top == row ? Tops[level % Tops.Length] : ' ');
            }

            text.Append('\n');
        }
    }

    private static void DrawAges(StringBuilder text, string[] ages)
    {
        text.Append(' ', ages.Length).Append('\n');
        var longest = ages.Max(age => age.Length);
        for (var row = 0; row < longest; row++)
        {
            foreach (var age in ages) text.Append(row < age.Length ? age[row] : ' ');
            text.Append('\n');
        }
    }

    private static string Age(long seconds)
    {
        const long Minute = 60, Hour = 60 * Minute, Day = 24 * Hour;
        var (count, unit) = seconds switch
        {
            < Minute => (seconds, 's'),
            < Hour => (seconds / Minute, 'm'),
            < Day => (seconds / Hour, 'h'),
            _ => (seconds / Day, 'd'),
        };
        return string.Create(CultureInfo.InvariantCulture, $"{count}{unit}");
    }
}
