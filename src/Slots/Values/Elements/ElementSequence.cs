using Starling.Slots.Keyspace;

namespace Starling.Slots.Values.Elements;

/// <summary>All elements of a table, for <c>foreach</c>; see <see cref="ElementTable.All"/>.</summary>
internal unsafe ref struct ElementSequence
{
    private readonly TableNode* _root;
    private TableNode* _leaf;
    private ulong* _bucket;
    private ulong _position;
    private uint _nextBucket;
    private int _cell;
    private ulong _start; // of the leaf's positions
    private int _offset; // of the leaf's windows

    /// <summary>Stands before the first element.</summary>
    public ElementSequence(TableNode* root)
    {
        _root = root;
        _cell = TableNode.BucketWords;
    }

    /// <summary>The element; after <see cref="MoveNext"/> has answered true.</summary>
    public readonly Element Current => new(SlotTable.Address(_bucket[_cell]));

    /// <summary>
    /// What the table itself says of the hash of the element's name, without reading it: the first
    /// <see cref="KnownBits"/> bits and the tag; the others are 0.
    /// </summary>
    public readonly ulong KnownHash
    {
        get
        {
            var shift = SlotTable.PositionBits - SlotTable.WindowBits - _offset;
            var prefix = _start & ~((1UL << (SlotTable.PositionBits - _offset)) - 1);
            var position = prefix | (_bucket[_cell] >> SlotTable.PositionBits << shift);
            return position << (64 - SlotTable.PositionBits) | (byte)(_bucket[0] >> (8 * (_cell - 1)));
        }
    }

    /// <summary>How many of the first bits of <see cref="KnownHash"/> are the hash's.</summary>
    public readonly int KnownBits => _offset + SlotTable.WindowBits;

    /// <summary>Itself, so that <c>foreach</c> takes it.</summary>
    public readonly ElementSequence GetEnumerator() => this;

    /// <summary>Goes to the next element; false when there is none.</summary>
    public bool MoveNext()
    {
        while (true)
        {
            while (++_cell < TableNode.BucketWords)
                if (_bucket[_cell] != 0) return true;
            if (!TryNextBucket()) return false;
            _cell = 0;
        }
    }

    private bool TryNextBucket()
    {
        while (_leaf == null || _nextBucket >= _leaf->Buckets)
        {
            _nextBucket = 0;
            if (_leaf != null && TableNode.Next(_leaf) is var next && next != null)
            {
                _leaf = next;
                continue;
            }

            if (_position >= TableScan.End) return false;
            var place = SlotTable.Locate(_root, _position << (64 - SlotTable.PositionBits));
            _start = place.Start(_position);
            _offset = place.Offset;
            _position = _start + place.Width;
            _leaf = place.Leaf;
        }

        _bucket = TableNode.Bucket(_leaf, _nextBucket++);
        return true;
    }
}
