using FsCheck;
using FsCheck.Fluent;

namespace Starling.Slots.Tests;

/// <summary>Random numbers that a test reads as operations; a failing sequence is cut down to a short one.</summary>
internal static class Operations
{
    public static void Check(int tests, int longest, Action<uint[]> run)
    {
        var generator = Gen.Choose(0, int.MaxValue).Select(x => (uint)x * 2654435761u).ArrayOf()
            .Resize(longest);
        var arbitrary = Arb.From(generator, Shorter);
        Prop.ForAll(arbitrary, run).Check(Config.QuickThrowOnFailure.WithMaxTest(tests).WithStartSize(longest / 4)
            .WithEndSize(longest));
    }

    private static IEnumerable<uint[]> Shorter(uint[] operations)
    {
        for (var part = operations.Length / 2; part > 0; part /= 2)
            for (var at = 0; at + part <= operations.Length; at += part)
                yield return [.. operations[..at], .. operations[(at + part)..]];
    }
}
