namespace Starling.Node.Scripting;

/// <summary>Tells from a script's source which keys it can touch.</summary>
internal static class KeyUse
{
    /// <summary>The source shows that every key that the script can touch is one of those that it declares.</summary>
    public static bool IsConfinedToDeclared(ReadOnlySpan<byte> source) => source.IsEmpty;
}
