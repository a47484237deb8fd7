namespace Starling.Node.Telemetry;

/// <summary>What the memory of the process is used for at one moment, in bytes.</summary>
/// <param name="Used">In use: native memory and the managed heap.</param>
/// <param name="Peak">The most that was in use.</param>
/// <param name="Start">In use at the server's start.</param>
/// <param name="DataSet">Keys, values and tables, and what is kept of them for snapshots.</param>
/// <param name="Active">The blocks of the allocators that what is in use lies in.</param>
/// <param name="Held">What the allocators hold of the system's memory.</param>
/// <param name="Resident">The resident memory of the process.</param>
/// <param name="Backlog">The replication backlog.</param>
/// <param name="Replicas">Input and output of the connections of replicas.</param>
/// <param name="Clients">Input and output of the connections of all others.</param>
internal readonly record struct MemoryReport(
    long Used,
    long Peak,
    long Start,
    long DataSet,
    long Active,
    long Held,
    long Resident,
    long Backlog,
    long Replicas,
    long Clients)
{
    /// <summary>What is in use for anything but the data set.</summary>
    public long Overhead => Math.Max(0, Used - DataSet);

    /// <summary>The data set's share of what came since the start, in percent.</summary>
    public double DataSetPercent => Percent(DataSet, Math.Max(DataSet, Used - Start));

    /// <summary>What is in use, in percent of the peak.</summary>
    public double PeakPercent => Percent(Used, Peak);

    /// <summary>One number by another; 0 when there is nothing to divide by.</summary>
    public static double Ratio(long value, long by) => by == 0 ? 0 : (double)value / by;

    private static double Percent(long part, long whole) => 100 * Ratio(part, whole);
}
