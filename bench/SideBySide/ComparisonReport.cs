using System.Globalization;
using Spectre.Console;

namespace Starling.Bench.SideBySide;

/// <summary>Prints what was measured as Markdown tables.</summary>
internal sealed class ComparisonReport(IReadOnlyList<string> contenders)
{
    private const int Width = 160;

    /// <summary>CPU per operation of every row, the ratios, and the geometric means.</summary>
    public void Print(int pipeline, IReadOnlyList<ComparisonRow> rows)
    {
        var table = new Table().Border(TableBorder.Markdown).AddColumn($"P={Text(pipeline, "F0")}: server CPU per operation, us");
        foreach (var name in contenders) table.AddColumn(name);
        for (var which = 1; which < contenders.Count; which++) table.AddColumn(contenders[which] + " ratio");
        foreach (var row in rows) AddRow(table, row.Load.Name, row, "F2", measured => measured.MicrosecondsPerOperation);
        AddMeans(table, rows);
        foreach (var row in rows.Where(row => row.Load.IsPrincipal))
            AddRow(table, row.Load.Name + ": thousand operations per second", row, "F0", measured => measured.OperationsPerSecond / 1000);
        Write(table);
        PrintRefusals(rows);
    }

    /// <summary>Bytes per key.</summary>
    public void PrintMemory(IReadOnlyList<(double? Used, double Resident)> memory)
    {
        var table = new Table().Border(TableBorder.Markdown).AddColumn("bytes per key");
        foreach (var name in contenders) table.AddColumn(name);
        table.AddRow(["used_memory", .. memory.Select(entry => entry.Used is { } used ? Text(used, "F0") : "not told")]);
        table.AddRow(["resident", .. memory.Select(entry => Text(entry.Resident, "F0"))]);
        Write(table);
    }

    private static void Write(Table table)
    {
        AnsiConsole.Profile.Width = Width;
        AnsiConsole.Write(table);
        Console.WriteLine();
    }

    private void AddRow(Table table, string name, ComparisonRow row, string format, Func<Measurement, double> figure)
    {
        var cells = new List<string> { name };
        for (var which = 0; which < contenders.Count; which++)
            cells.Add(row.Turns[which].Count > 0 ? Text(row.Median(which, figure), format) : Missing(row, which));
        for (var which = 1; which < contenders.Count; which++) cells.Add(Ratios(row, which, figure));
        table.AddRow(cells.ToArray());
    }

    private static string Ratios(ComparisonRow row, int which, Func<Measurement, double> figure)
    {
        if (!row.IsComparable(which)) return "";
        string Of(double part) => Text(row.Ratio(which, figure, part), "F2");
        return $"{Of(0.5)} ({Of(0.25)} to {Of(0.75)})";
    }

    private static string Missing(ComparisonRow row, int which)
    {
        if (row.Refusals[which] is not { } refusal) return "not measured";
        if (refusal.Contains("unknown command", StringComparison.OrdinalIgnoreCase)) return "unknown";
        return refusal.Contains("too slow", StringComparison.Ordinal) ? "too slow" : "error";
    }

    private void AddMeans(Table table, IReadOnlyList<ComparisonRow> rows)
    {
        var cells = new List<string> { "geometric mean" };
        cells.AddRange(contenders.Select(_ => ""));
        for (var which = 1; which < contenders.Count; which++)
        {
            var ratios = rows.Where(row => row.IsComparable(which))
                .Select(row => row.Ratio(which, measured => measured.MicrosecondsPerOperation, 0.5)).ToList();
            cells.Add(ratios.Count == 0
                ? "none"
                : $"{Text(Math.Exp(ratios.Average(Math.Log)), "F3")} of {Text(ratios.Count, "F0")}, worst {Text(ratios.Max(), "F2")}");
        }

        table.AddRow(cells.ToArray());
    }

    private void PrintRefusals(IReadOnlyList<ComparisonRow> rows)
    {
        for (var which = 0; which < contenders.Count; which++)
            foreach (var row in rows)
                if (row.Refusals[which] is { } error) Console.WriteLine($"{contenders[which]} answers {row.Load.Name} with: {error}");
    }

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
