namespace Starling.Slots.Values;

/// <summary>
/// A value that was made of content and belongs to no key yet: put it under a key or discard it, once.
/// </summary>
public readonly ref struct LoadedValue
{
    /// <summary>A value that will lie in its entry; the bytes are copied when it is put there.</summary>
    internal LoadedValue(ValueKind kind, ReadOnlySpan<byte> inline)
    {
        Kind = kind;
        Inline = inline;
    }

    /// <summary>A value with a root.</summary>
    internal LoadedValue(ValueKind kind, scoped in ValueRoot root)
    {
        Kind = kind;
        HasRoot = true;
        Root = root;
    }

    internal ValueKind Kind { get; }

    internal bool HasRoot { get; }

    internal ValueRoot Root { get; }

    internal ReadOnlySpan<byte> Inline { get; }
}
