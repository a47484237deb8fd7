namespace Starling.Slots.Keyspace;

/// <summary>Held stripe locks; disposing it on the thread that took them releases them, highest first.</summary>
public readonly ref struct StripeScope
{
    /// <summary>Instead of a stripe's number: everything.</summary>
    internal const int All = -1;

    private const int Some = -2;

    private readonly StripeLocks? _locks;
    private readonly int _stripe;
    private readonly StripeSet _stripes;

    internal StripeScope(StripeLocks locks, scoped in StripeSet stripes)
    {
        _locks = locks;
        _stripe = Some;
        _stripes = stripes;
    }

    internal StripeScope(StripeLocks locks, int stripe)
    {
        _locks = locks;
        _stripe = stripe;
    }

    /// <summary>Releases the locks.</summary>
    public void Dispose()
    {
        if (_locks is null) return;
        if (_stripe >= 0) _locks.Exit(_stripe);
        else if (_stripe == All) _locks.ExitAll();
        else _locks.Exit(_stripes);
    }
}
