using Starling.Slots.Keyspace;

namespace Starling.Slots.Values;

/// <summary>A large list as it was at one moment; see <see cref="FrozenList"/>. Its content starts with the number of
/// nodes, so they are counted first.</summary>
internal sealed unsafe class FrozenListView : FrozenView
{
    private const int BranchesPerStep = 512;
    private const int BytesPerStep = 256 << 10;
    private const int PartBytes = 64 << 10;

    private readonly ValueRoot _root;
    private ListPath _path;
    private long _nodes;
    private bool _isCounted;
    private int _written; // bytes of the node that the path leads to

    /// <summary>Sees the list as it is now.</summary>
    public FrozenListView(FrozenList list)
        : base(list)
    {
        _root = list.Root;
        _path = ListPath.ToFirst(ListRoot.Tree(_root));
    }

    /// <inheritdoc/>
    public override bool SaveSome(SnapshotRecords records)
    {
        if (!_isCounted)
        {
            Count(records);
            return true;
        }

        for (var bytes = 0; bytes < BytesPerStep;)
        {
            var node = _path.Node;
            bytes += WritePart(node, records);
            if (_written < node->Length) continue;
            _written = 0;
            if (!_path.TryNext()) return false;
        }

        return true;
    }

    /// <inheritdoc/>
    protected override void FreeCopies()
    {
        // The list keeps what this view needed until the last one ends.
    }

    private void Count(SnapshotRecords records)
    {
        for (var i = 0; i < BranchesPerStep; i++)
        {
            _nodes += _path.BranchAt(_path.Depth - 1)->Length;
            if (_path.TryNextBranch()) continue;
            _isCounted = true;
            _path = ListPath.ToFirst(ListRoot.Tree(_root));
            records.Number((ulong)_nodes);
            return;
        }
    }

    private int WritePart(ListNode* node, SnapshotRecords records)
    {
        var bytes = ListNode.Bytes(node)[_written..];
        if (_written == 0) records.Number(ListOperations.ContainerOf(node));
        if (_written == 0 && bytes.Length <= PartBytes)
        {
            records.Text(bytes);
        }
        else
        {
            if (_written == 0) records.BeginText(bytes.Length);
            bytes = bytes[..Math.Min(PartBytes, bytes.Length)];
            records.TextPart(bytes);
        }

        _written += bytes.Length;
        return bytes.Length;
    }
}
