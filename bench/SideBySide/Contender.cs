using System.Globalization;
using Starling.Tests.Support;

namespace Starling.Bench.SideBySide;

/// <summary>A server under measurement.</summary>
internal sealed class Contender(string name, ServerProcess server) : IDisposable
{
    private const int Clients = 50;
    private const int ValueBytes = 32;

    /// <summary>What the table calls it.</summary>
    public string Name { get; } = name;

    /// <summary>
    /// Fills the server with keys of 11 bytes and values of 32 bytes and returns bytes per key (used_memory, resident).
    /// </summary>
    public (double Used, double Resident) Fill(int keys)
    {
        var usedBefore = Used();
        var residentBefore = ProcessUsage.ResidentBytes(server.Id);
        using var connection = server.Connect();
        var value = new string('v', ValueBytes);
        const int Batch = 1000;
        for (var first = 0; first < keys; first += Batch)
        {
            var count = Math.Min(Batch, keys - first);
            using var batch = new MemoryStream();
            for (var i = first; i < first + count; i++) batch.Write(RespConnection.Encode("SET", Key(i), value));
            connection.SendRaw(batch.ToArray());
            for (var i = 0; i < count; i++)
            {
                if (connection.Read() is not "OK") throw new InvalidOperationException("SET was not answered with OK");
            }
        }

        return ((Used() - usedBefore) / (double)keys, (ProcessUsage.ResidentBytes(server.Id) - residentBefore) / (double)keys);
    }

    /// <summary>Runs redis-benchmark once.</summary>
    /// <param name="test">get or set.</param>
    /// <param name="pipeline">Commands in flight per connection.</param>
    /// <param name="requests">Number of requests.</param>
    /// <param name="keys">Size of the key space.</param>
    public Measurement Run(string test, int pipeline, int requests, int keys)
    {
        var before = ProcessUsage.CpuSeconds(server.Id);
        var (exitCode, output) = ProgramRun.Run(Executables.Find("redis-benchmark"),
        [
            "-p", Text(server.Port), "-t", test, "-c", Text(Clients), "-d", Text(ValueBytes), "-n", Text(requests), "-P", Text(pipeline),
            "-r", Text(keys), "--csv",
        ]);
        var cpu = ProcessUsage.CpuSeconds(server.Id) - before;
        if (exitCode != 0) throw new InvalidOperationException("redis-benchmark failed:\n" + output);
        var row = output.Split('\n').Last(line => line.StartsWith('"') && !line.StartsWith("\"test", StringComparison.Ordinal));
        var rate = double.Parse(row.Split(',')[1].Trim('"'), CultureInfo.InvariantCulture);
        return new Measurement(cpu / requests * 1e6, rate);
    }

    /// <inheritdoc/>
    public void Dispose() => server.Dispose();

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Key(int number) => "k" + number.ToString("D10", CultureInfo.InvariantCulture);

    private long Used() => long.Parse(server.Info("memory", "used_memory") ?? "0", CultureInfo.InvariantCulture);
}
