using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Starling.Slots;

/// <summary>
/// Checks that stay on in release builds. A broken invariant is a bug of ours: the process stops before it can spread.
/// </summary>
public static class Invariant
{
    /// <summary>Stops the process with the text of the rule when it does not hold.</summary>
    /// <param name="holds">The rule.</param>
    /// <param name="rule">The rule's text; filled in by the compiler.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void That(
        [DoesNotReturnIf(false)] bool holds,
        [CallerArgumentExpression(nameof(holds))] string rule = "")
    {
        if (!holds) Broken(rule);
    }

    /// <summary>Stops the process: the caller found a state that must not exist.</summary>
    /// <param name="rule">What was expected to hold.</param>
    [DoesNotReturn]
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Broken(string rule) => Environment.FailFast("invariant broken: " + rule);
}
