namespace Starling.Slots.Keyspace;

/// <summary>The table of a cleared slot.</summary>
internal sealed unsafe class FreeableSlot(ClearedSlot slot) : Freeable
{
    private ulong _position;

    /// <inheritdoc/>
    public override long Objects => slot.Count;

    /// <inheritdoc/>
    public override bool FreeSome(Keyspace keyspace)
    {
        var tables = slot.Tables;
        if (_position < TableScan.End)
        {
            var visitor = new Freer(keyspace, tables, slot.Slot);
            _position = TableScan.VisitLeaf(slot.Root, _position, ref visitor);
            return true;
        }

        TableShape.Free(tables.Memory(slot.Slot), slot.Root, entries: false);
        tables.Heap.Free((byte*)slot.Root, TableNode.Bytes);
        return false;
    }

    private readonly struct Freer(Keyspace keyspace, TableSet tables, int slot) : IEntryVisitor
    {
        public void Visit(in Entry entry)
        {
            // Snapshots may still have a view of a value, which the slot's stripe guards. The rest is nobody else's.
            if (EntryBlock.Has(entry.Block, EntryBlock.HasRoot) && tables.Frozen.HasAny(slot))
            {
                using var scope = keyspace.LockSlot(slot);
                if (tables.FindFrozen(slot, entry.Block) is { } frozen)
                {
                    frozen.Detach(*EntryBlock.Root(entry.Block));
                    EntryBlock.FreeWithoutValue(tables.Heap, entry.Block);
                    return;
                }
            }

            EntryBlock.Free(tables.Heap, entry.Block);
        }
    }
}
