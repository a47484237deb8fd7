namespace Starling.Slots.Keyspace;

/// <summary>
/// The table of a slot that was cleared: it belongs to the snapshots that have not saved all of it, then to whoever
/// frees it. Members need the slot's stripe.
/// </summary>
internal sealed unsafe class ClearedSlot
{
    private int _users;

    /// <summary>Takes the table of a slot, which is empty then.</summary>
    public ClearedSlot(TableSet tables, int slot, TableNode* root)
    {
        Tables = tables;
        Slot = slot;
        Count = root->Count;
        Root = (TableNode*)tables.Heap.Allocate(StripeSet.StripeOf(slot), TableNode.Bytes);
        *Root = *root;
        *root = default;
    }

    /// <summary>The tables that the slot is of.</summary>
    public TableSet Tables { get; }

    /// <summary>The slot.</summary>
    public int Slot { get; }

    /// <summary>Number of keys.</summary>
    public uint Count { get; }

    /// <summary>The table.</summary>
    public TableNode* Root { get; }

    /// <summary>A snapshot will save what it needs of it.</summary>
    public void Use() => _users++;

    /// <summary>The snapshot has what it needs; the last one leaves the table to be freed.</summary>
    public void Release()
    {
        if (--_users == 0) Tables.Free(this);
    }
}
