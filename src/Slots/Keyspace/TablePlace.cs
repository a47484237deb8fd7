namespace Starling.Slots.Keyspace;

/// <summary>The leaf of a hash and how to read hashes there; see <see cref="SlotTable"/>.</summary>
internal unsafe struct TablePlace
{
    /// <summary>The leaf.</summary>
    public TableNode* Leaf;

    /// <summary>The branch that the leaf is a child of, or null when the leaf is the root.</summary>
    public TableNode* Parent;

    /// <summary>The first bit, from the top of the hash, of the window that the references of the leaf hold.</summary>
    public int Offset;

    /// <summary>How many bits of the window are the same for the whole leaf, since they chose it.</summary>
    public int Bits;

    /// <summary>The first position that the leaf covers, given any that it covers.</summary>
    public readonly ulong Start(ulong position) => position & ~(Width - 1);

    /// <summary>How many positions the leaf covers.</summary>
    public readonly ulong Width => 1UL << (SlotTable.PositionBits - Offset - Bits);
}
