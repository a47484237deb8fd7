using System.Globalization;
using Starling.Tests.Support;

namespace Starling.Bench.SideBySide;

/// <summary>
/// A cache under eviction: the same trace of accesses by Zipf's law to redis-server and to Starling with the same maxmemory,
/// where what is missed is set. Prints the share of hits, and how far used_memory was above maxmemory at most.
/// </summary>
internal static class EvictionComparison
{
    private const int Keys = 1_000_000;
    private const double Skew = 0.9;
    private const int Batch = 64;
    private const int Seed = 271828;
    private const long MaxMemory = 40L << 20;
    private const int LookEvery = 200;

    private static readonly string[] Policies = ["allkeys-lru", "allkeys-lfu", "allkeys-random"];

    /// <summary>Measures every policy.</summary>
    /// <param name="accesses">Accesses of each trace; the first half fills the cache and does not count.</param>
    public static void Run(int accesses)
    {
        Console.WriteLine("| hit ratio, keys held, above maxmemory | redis-server | Starling |");
        Console.WriteLine("|---|---|---|");
        foreach (var policy in Policies)
        {
            var redis = Measure(ServerKind.Redis, policy, accesses);
            var starling = Measure(ServerKind.Starling, policy, accesses);
            Console.WriteLine($"| {policy} | {redis} | {starling} |");
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{accesses} accesses to {Keys} keys with values of 100 bytes, Zipf with {Skew}, maxmemory {MaxMemory >> 20} MiB, seed {Seed}."));
    }

    private static string Measure(ServerKind kind, string policy, int accesses)
    {
        using var server = ServerProcess.Start(
            kind, "save ", "maxmemory " + MaxMemory.ToString(CultureInfo.InvariantCulture), "maxmemory-policy " + policy);
        using var connection = server.Connect();
        var trace = new ZipfTrace(Keys, Skew, Seed);
        var value = new string('v', 100);
        long hits = 0, counted = 0;
        var above = 0.0;
        var keys = new string[Batch];
        for (var done = 0; done < accesses; done += Batch)
        {
            for (var i = 0; i < Batch; i++)
            {
                keys[i] = "key:" + trace.Next().ToString("D8", CultureInfo.InvariantCulture);
                connection.Send("GET", keys[i]);
            }

            var missed = 0;
            for (var i = 0; i < Batch; i++)
            {
                if (connection.Read() is null) keys[missed++] = keys[i];
                else if (done >= accesses / 2) hits++;
            }

            if (done >= accesses / 2) counted += Batch;
            for (var i = 0; i < missed; i++) connection.Send("SET", keys[i], value);
            for (var i = 0; i < missed; i++) connection.Read();
            if (done / Batch % LookEvery == 0) above = Math.Max(above, Above(server));
        }

        return string.Create(
            CultureInfo.InvariantCulture, $"{100.0 * hits / counted:F2} %, {server.Text("DBSIZE")}, {above:F2} %");
    }

    /// <summary>How far used_memory is above maxmemory, in percent; 0 when it is not.</summary>
    private static double Above(ServerProcess server)
    {
        var used = long.Parse(server.Info("memory", "used_memory")!, CultureInfo.InvariantCulture);
        return Math.Max(0, 100.0 * (used - MaxMemory) / MaxMemory);
    }
}
