namespace Starling.Slots.Keyspace;

/// <summary>Held stripe locks; disposing it on the thread that took them releases them, highest first.</summary>
public readonly ref struct StripeScope
{
    private readonly Keyspace? _keyspace;
    private readonly Lock? _single;
    private readonly StripeSet _stripes;

    internal StripeScope(Keyspace keyspace, scoped in StripeSet stripes)
    {
        _keyspace = keyspace;
        _stripes = stripes;
    }

    internal StripeScope(Lock single) => _single = single;

    /// <summary>Releases the locks.</summary>
    public void Dispose()
    {
        if (_single != null) _single.Exit();
        else _keyspace?.Unlock(_stripes);
    }
}
