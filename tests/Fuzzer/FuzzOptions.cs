using System.Globalization;

namespace Starling.Fuzzer;

/// <summary>What the command line says.</summary>
internal sealed record FuzzOptions
{
    /// <summary>The targets there are.</summary>
    public static readonly string[] AllTargets = ["restore", "rdb", "bus", "nodes", "requests"];

    /// <summary>How the program is called.</summary>
    public const string Usage =
        "usage: Fuzzer [--target restore|rdb|bus|nodes|requests|all] [--seed N] [--count M] [--seconds T] [--corpus FOLDER] [--findings FOLDER] [--input FILE]";

    /// <summary>What is fuzzed, or "all".</summary>
    public string Target { get; init; } = "all";

    /// <summary>The seed of the changes.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>How many changed inputs for each target at most.</summary>
    public long Count { get; init; } = 1_000_000;

    /// <summary>How long for each target at most, in seconds.</summary>
    public int Seconds { get; init; } = 3600;

    /// <summary>Where inputs that reached something new are kept for the next run; null keeps them for this one only.</summary>
    public string? Corpus { get; init; }

    /// <summary>Where inputs go that broke something.</summary>
    public string Findings { get; init; } = "artifacts/findings";

    /// <summary>One input that is run alone, without watching for coverage; null for a run.</summary>
    public string? Input { get; init; }

    /// <summary>The folder of the instrumented copy, inside of it; null in who watches.</summary>
    public string? Inside { get; init; }

    /// <summary>Reads the command line.</summary>
    /// <param name="arguments">The words.</param>
    /// <param name="error">What is wrong with them.</param>
    public static FuzzOptions? Parse(string[] arguments, out string error)
    {
        var options = new FuzzOptions();
        error = Usage;
        for (var i = 0; i < arguments.Length; i += 2)
        {
            if (i + 1 == arguments.Length) return null;
            var value = arguments[i + 1];
            if (arguments[i] is "--seed" or "--count" or "--seconds")
            {
                if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return null;
                options = arguments[i] switch
                {
                    "--seed" => options with { Seed = number },
                    "--count" => options with { Count = number },
                    _ => options with { Seconds = number },
                };
                continue;
            }

            switch (arguments[i])
            {
                case "--target" when value == "all" || AllTargets.Contains(value, StringComparer.Ordinal): options = options with { Target = value }; break;
                case "--corpus": options = options with { Corpus = value }; break;
                case "--findings": options = options with { Findings = value }; break;
                case "--input": options = options with { Input = value }; break;
                case "--inside": options = options with { Inside = value }; break;
                default: return null;
            }
        }

        return options;
    }
}
