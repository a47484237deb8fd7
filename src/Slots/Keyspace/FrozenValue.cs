using Starling.Slots.Memory;
using Starling.Slots.Values;

namespace Starling.Slots.Keyspace;

/// <summary>
/// A large value of which snapshots have views, each as the value was when its snapshot started. The value stays its
/// key's: who changes it lets the views have what they need first (how is the kind's). When the key is deleted or gets
/// another value, this one is the views' as it is and costs no copy. Every member but <see cref="Slot"/> needs the
/// stripe of that slot.
/// </summary>
internal abstract unsafe class FrozenValue
{
    private readonly TableSet _tables;
    private readonly ValueOperations _operations;
    private readonly List<FrozenView> _views = [];
    private ValueRoot _root;
    private int _slot;
    private bool _isDetached;

    /// <summary>Says where the value is; see <see cref="ValueOperations.Freeze"/>.</summary>
    protected FrozenValue(TableSet tables, int slot, ValueOperations operations, in ValueRoot root)
    {
        _tables = tables;
        _slot = slot;
        _operations = operations;
        _root = root;
    }

    /// <summary>The slot of its key, or of the key that it had last. Needs no lock.</summary>
    public int Slot => Volatile.Read(ref _slot);

    /// <summary>The address in its root, by which it is found.</summary>
    public byte* Address => _root.Address;

    /// <summary>The value.</summary>
    public ref readonly ValueRoot Root => ref _root;

    /// <summary>What the views share with the value, for kinds of many blocks; null when the kind copies.</summary>
    public virtual FrozenPages? Pages => null;

    /// <summary>
    /// An element of that hash is about to be changed, added or removed, in a kind that has a table of elements.
    /// </summary>
    public virtual void BeforeElement(ulong hash)
    {
    }

    /// <summary>The views of it.</summary>
    protected IReadOnlyList<FrozenView> Views => _views;

    /// <summary>Begins a view of the value as it is now.</summary>
    /// <param name="copies">The heap of the snapshot, for what is copied for it.</param>
    public FrozenView AddView(NativeHeap copies)
    {
        var view = MakeView(copies);
        _views.Add(view);
        return view;
    }

    /// <summary>A view has ended.</summary>
    public void Remove(FrozenView view)
    {
        Invariant.That(_views.Remove(view));
        if (_views.Count > 0) return;
        if (Pages is { } pages) _tables.Free(pages.TakeDisplaced());
        if (_isDetached) _tables.FreeValue(_slot, _operations, ref _root, lazily: true);
        else _tables.Frozen.Remove(_slot, Address);
    }

    /// <summary>The value was changed and has another root.</summary>
    public void RootChanged(in ValueRoot root)
    {
        _tables.Frozen.Remove(_slot, Address);
        _root = root;
        _tables.Frozen.Add(this);
    }

    /// <summary>The value belongs to a key of another slot from now on. Needs both stripes.</summary>
    public void MoveTo(int slot)
    {
        _tables.Frozen.Remove(_slot, Address);
        Volatile.Write(ref _slot, slot);
        _tables.Frozen.Add(this);
    }

    /// <summary>No key has the value any more: it is the views', and freed with the last of them.</summary>
    public void Detach(in ValueRoot root)
    {
        _isDetached = true;
        _tables.Frozen.Remove(_slot, Address);
        _root = root;
    }

    /// <summary>Makes a view of the value as it is now.</summary>
    protected abstract FrozenView MakeView(NativeHeap copies);
}
