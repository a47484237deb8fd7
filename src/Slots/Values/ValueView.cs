namespace Starling.Slots.Values;

/// <summary>
/// A value as its kind's operations see it: either bytes that lie in the entry, or a root. Valid as long as the entry.
/// </summary>
internal readonly unsafe ref struct ValueView
{
    /// <summary>A value whose bytes lie in the entry.</summary>
    public ValueView(ReadOnlySpan<byte> inline, bool flag)
    {
        Inline = inline;
        Flag = flag;
    }

    /// <summary>A value with a root.</summary>
    public ValueView(ValueRoot* root, bool flag)
    {
        Root = root;
        Flag = flag;
    }

    /// <summary>The root; null when the value lies in the entry.</summary>
    public ValueRoot* Root { get; }

    /// <summary>The bytes of a value without a root.</summary>
    public ReadOnlySpan<byte> Inline { get; }

    /// <summary>The flag that the entry keeps for the kind.</summary>
    public bool Flag { get; }
}
