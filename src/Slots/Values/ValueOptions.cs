namespace Starling.Slots.Values;

/// <summary>
/// What decides the encodings of values, one immutable object for the whole keyspace (<c>*-max-listpack-*</c> and
/// their like); the default is Redis's.
/// </summary>
public sealed record ValueOptions
{
    /// <summary>The options when nobody sets any.</summary>
    public static ValueOptions Default { get; } = new();
}
