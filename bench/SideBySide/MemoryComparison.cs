using System.Globalization;
using Starling.Tests.Support;

namespace Starling.Bench.SideBySide;

/// <summary>
/// Bytes that collections take, in redis-server and in Starling: each data set in servers of its own, by used_memory and
/// by resident memory.
/// </summary>
internal static class MemoryComparison
{
    private const int Million = 1_000_000;

    /// <summary>What is filled: by how many commands, and how many things of the kind that is told there are then.</summary>
    private static readonly (string Name, string Text, int Commands, int Things)[] DataSets =
    [
        ("hash of 10 fields", "HSET h{s}" + Repeat(" f# v{s}", 10), Million, Million),
        ("set of 50 numbers", "SADD s{s}" + Repeat(" 1#", 50), Million, Million),
        ("list of 20 elements", "RPUSH l{s}" + Repeat(" e{s}", 20), Million, Million),
        ("sorted set of 20 members", "ZADD z{s}" + Repeat(" # m{s}#", 20), Million, Million),
        ("field of one large hash", "HSET h f{s} {v}", Million, Million),
        ("member of one large set", "SADD s m{s}", Million, Million),
        ("member of one large sorted set", "ZADD z {s} m{s}", Million, Million),
        ("entry of one stream", "XADD t * field {v}", Million, Million),
    ];

    /// <summary>Fills and prints, one data set after the other.</summary>
    /// <param name="fewer">Divides the numbers of commands: for a first look.</param>
    public static void Run(int fewer)
    {
        Console.WriteLine("| bytes each: used_memory, resident | redis-server | Starling | ratio |");
        Console.WriteLine("|---|---|---|---|");
        foreach (var (name, text, commands, things) in DataSets)
        {
            if (Measure(ServerKind.Redis, text, commands / fewer, things / fewer) is not { } redis) continue;
            if (Measure(ServerKind.Starling, text, commands / fewer, things / fewer) is not { } starling) continue;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {name} | {redis.Used:F0}, {redis.Resident:F0} | {starling.Used:F0}, {starling.Resident:F0} | "
                + $"{starling.Used / redis.Used:F2}, {starling.Resident / redis.Resident:F2} |"));
        }
    }

    private static (double Used, double Resident)? Measure(ServerKind kind, string text, int commands, int things)
    {
        using var contender = Contender.Start(kind, replica: false);
        if (contender.Refusal(text) is { } refusal)
        {
            Console.WriteLine($"{contender.Name} answers '{text}' with: {refusal}");
            return null;
        }

        var (used, resident) = contender.Fill(text, commands);
        return (used / things, resident / things);
    }

    /// <summary>Repeats a text with the number of the repetition in place of each #.</summary>
    public static string Repeat(string text, int times) =>
        string.Concat(Enumerable.Range(10, times).Select(i => text.Replace("#", i.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)));
}
