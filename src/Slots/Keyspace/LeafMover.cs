using Starling.Slots.Memory;

namespace Starling.Slots.Keyspace;

/// <summary>Moves what a table is made of out of the blocks that are to be emptied; see <see cref="SlotTable"/>.</summary>
internal static unsafe class LeafMover
{
    /// <summary>Moves the branches that lead to a hash.</summary>
    public static void MoveBranches(ref BlockMover mover, TableNode* root, ulong hash)
    {
        var node = root;
        for (var offset = 0; node->FanoutBits != 0; offset += SlotTable.MaxFanoutBits)
        {
            var children = (byte*)node->Children;
            if (mover.TryMove(ref children, TableNode.Bytes << node->FanoutBits))
                node->Children = (TableNode*)children;
            node = SlotTable.Child(node, hash, offset);
        }
    }

    /// <summary>Moves the buckets of a leaf.</summary>
    public static void MovePieces(ref BlockMover mover, TableNode* leaf)
    {
        for (var i = 0; i * TableNode.PieceBuckets < leaf->Buckets; i++)
        {
            var piece = (byte*)TableNode.Piece(leaf, i);
            if (mover.TryMove(ref piece, TableShape.PieceBytes(leaf->Buckets, i)))
                TableNode.SetPiece(leaf, i, piece);
        }
    }

    /// <summary>Moves the leaf that continues a leaf, if there is one.</summary>
    public static void MoveNext(ref BlockMover mover, TableNode* leaf)
    {
        var next = (byte*)TableNode.Next(leaf);
        if (next != null && mover.TryMove(ref next, TableNode.Bytes)) TableNode.SetNext(leaf, (TableNode*)next);
    }
}
