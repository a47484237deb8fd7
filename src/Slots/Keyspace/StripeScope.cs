namespace Starling.Slots.Keyspace;

/// <summary>Held stripe locks; disposing it on the thread that took them releases them, highest first.</summary>
public readonly ref struct StripeScope
{
    private readonly Keyspace _keyspace;
    private readonly StripeSet _stripes;

    internal StripeScope(Keyspace keyspace, scoped in StripeSet stripes)
    {
        _keyspace = keyspace;
        _stripes = stripes;
    }

    /// <summary>Releases the locks.</summary>
    public void Dispose() => _keyspace.Unlock(_stripes);
}
