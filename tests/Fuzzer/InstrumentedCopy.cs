namespace Starling.Fuzzer;

/// <summary>A copy of this program in which the assemblies under test tell which branches they take.</summary>
internal static class InstrumentedCopy
{
    private static readonly string[] Assemblies = ["Starling.Slots.dll", "Starling.Node.dll", "Starling.Resp.dll", "Starling.ClusterBus.dll"];

    // What works through values and files; not the executor and its like, which do the same for every input.
    private static readonly string[] Namespaces =
    [
        "Starling.Slots.Values.", "Starling.Node.Persistence.", "Starling.Node.Commands.", "Starling.Resp.RequestReader", "Starling.ClusterBus.Wire.",
        "Starling.ClusterBus.View.",
    ];

    /// <summary>Makes the copy.</summary>
    /// <param name="folder">An empty folder.</param>
    /// <returns>The program in it.</returns>
    public static string Make(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(AppContext.BaseDirectory))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        foreach (var assembly in Assemblies)
        {
            var types = SharpFuzz.Fuzzer.Instrument(Path.Combine(folder, assembly), IsWatched, SharpFuzz.Options.Value);
            if (!types.Any()) throw new InvalidOperationException($"nothing in {assembly} was instrumented");
        }

        return Path.Combine(folder, "Starling.Fuzzer.dll");
    }

    private static bool IsWatched(string type) => Namespaces.Any(name => type.StartsWith(name, StringComparison.Ordinal));
}
