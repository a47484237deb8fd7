using Starling.Slots.Keyspace;
using Starling.Slots.Memory;

namespace Starling.Slots.Values;

/// <summary>
/// A long string of which snapshots have views. It is one block, so that clients can read it as one piece: pages that
/// are about to change are copied for the views first.
/// </summary>
internal sealed class FrozenString(TableSet tables, int slot, StringOperations operations, in ValueRoot root)
    : FrozenValue(tables, slot, operations, root)
{
    /// <summary>A longer string is saved page by page.</summary>
    public const int PageBytes = 64 << 10;

    /// <summary>Bytes are about to change: saves their pages for the views that have not got them.</summary>
    /// <param name="from">The first byte.</param>
    /// <param name="end">One past the last byte; when that is not behind it, nothing changes.</param>
    public void BeforeWrite(long from, long end)
    {
        foreach (var view in Views) ((FrozenStringView)view).BeforeWrite(from, end);
    }

    /// <inheritdoc/>
    protected override FrozenView MakeView(NativeHeap copies) => new FrozenStringView(this, copies);
}
