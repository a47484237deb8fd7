namespace Starling.Slots.Values;

/// <summary>
/// Which pages of a value made of many blocks belong to the present value alone, while snapshots have views of it:
/// those made since the last view began. All others are shared with views: who would change one changes a copy, and who would
/// free one leaves it here. They are freed with the last view: several views that follow closely keep the displaced
/// pages of each other.
/// </summary>
internal sealed unsafe class FrozenPages
{
    // Several sets, since one of a hundred thousand pages takes a millisecond when it grows.
    private const int SetBits = 6;
    private readonly HashSet<nint>?[] _own = new HashSet<nint>?[1 << SetBits];
    private List<(nint Address, long Size)> _displaced = [];

    /// <summary>True when a view may need the page.</summary>
    public bool IsShared(byte* page) => _own[SetOf(page)] is not { } own || !own.Contains((nint)page);

    /// <summary>A page was made.</summary>
    public void Add(byte* page) => (_own[SetOf(page)] ??= []).Add((nint)page);

    /// <summary>A page is no part of the value any more; true when the caller is to free it.</summary>
    public bool Remove(byte* page, long size)
    {
        if (_own[SetOf(page)] is { } own && own.Remove((nint)page)) return true;
        _displaced.Add(((nint)page, size));
        return false;
    }

    /// <summary>A view begins: it shares every page that there is now.</summary>
    public void ShareAll() => Array.Clear(_own);

    /// <summary>The last view has ended: takes the pages that only views needed.</summary>
    public List<(nint Address, long Size)> TakeDisplaced()
    {
        var displaced = _displaced;
        _displaced = [];
        return displaced;
    }

    private static int SetOf(byte* page) => (int)((ulong)page * 0x9E37_79B9_7F4A_7C15 >> (64 - SetBits));
}
