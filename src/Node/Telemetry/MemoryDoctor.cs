using System.Text;

namespace Starling.Node.Telemetry;

/// <summary>Says in words what looks wrong with the memory, by Redis's thresholds (MEMORY DOCTOR).</summary>
internal static class MemoryDoctor
{
    private const long TooLittle = 5 << 20;
    private const long Notable = 10 << 20;
    private const double LargePeak = 1.5;
    private const double HighFragmentation = 1.4;
    private const double HighOverhead = 1.1;
    private const long LargeClient = 200 << 10;
    private const long LargeReplica = 10 << 20;

    /// <summary>Examines a report.</summary>
    /// <param name="report">The report.</param>
    /// <param name="clients">Number of connections.</param>
    /// <param name="replicas">How many of them are replicas.</param>
    public static string Examine(in MemoryReport report, int clients, int replicas)
    {
        if (report.Used < TooLittle) return "This instance holds too little for a diagnosis. Come back when there is some data.\n";
        var findings = new StringBuilder();
        if (MemoryReport.Ratio(report.Peak, report.Used) > LargePeak)
            findings.Append(" * Peak memory: once more than 1.5 times as much was in use. What is free goes back to the system soon.\n");
        if (IsHigh(report.Resident, report.Used, HighFragmentation))
            findings.Append(" * High total RSS: more than 1.4 times of what is in use is resident, for fragmentation or after a peak.\n");
        if (IsHigh(report.Active, report.Used, HighOverhead))
            findings.Append(" * High allocator fragmentation: blocks are partly filled. The directive activedefrag lets them be brought together.\n");
        if (IsHigh(report.Held, report.Active, HighOverhead))
            findings.Append(" * High allocator RSS overhead: the allocators hold memory that nobody uses. MEMORY PURGE gives it back.\n");
        if (IsHigh(report.Resident, report.Held, HighOverhead))
            findings.Append(" * High process RSS overhead: the process takes memory beyond its allocators, for code and threads.\n");
        if (replicas > 0 && report.Replicas / replicas > LargeReplica)
            findings.Append(" * Big replica buffers: more than 10 MB wait for each replica. Look which of them does not read.\n");
        if (clients > replicas && report.Clients / (clients - replicas) > LargeClient)
            findings.Append(" * Big client buffers: more than 200 KB for each client. CLIENT LIST shows whose they are.\n");
        return findings.Length == 0
            ? "Nothing looks wrong with the memory of this instance.\n"
            : "Some things stand out in the memory of this instance:\n\n" + findings;
    }

    private static bool IsHigh(long whole, long part, double bound) =>
        MemoryReport.Ratio(whole, part) > bound && whole - part > Notable;
}
