using Starling.Slots.Keyspace;
using Starling.Slots.Memory;

namespace Starling.Slots.Values.Elements;

/// <summary>
/// A large collection of which snapshots have views: before a writer changes, adds or removes an element, every view that
/// has not come to the element's part of the table (at most 16 elements, some 64 KiB) saves that part.
/// </summary>
/// <param name="tables">The tables that the value's key is in.</param>
/// <param name="slot">The slot of the key.</param>
/// <param name="operations">The operations of the kind.</param>
/// <param name="root">The value.</param>
/// <param name="content">Writes its content.</param>
internal sealed class FrozenElements(
    TableSet tables, int slot, ValueOperations operations, in ValueRoot root, IElementContent content)
    : FrozenValue(tables, slot, operations, root)
{
    /// <summary>Writes the content.</summary>
    public IElementContent Content { get; } = content;

    /// <inheritdoc/>
    public override void BeforeElement(ulong hash)
    {
        for (var i = 0; i < Views.Count; i++) ((FrozenElementsView)Views[i]).BeforeElement(hash);
    }

    /// <inheritdoc/>
    protected override FrozenView MakeView(NativeHeap copies) => new FrozenElementsView(this, copies);
}
