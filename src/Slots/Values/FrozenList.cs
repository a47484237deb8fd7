using Starling.Slots.Keyspace;
using Starling.Slots.Memory;

namespace Starling.Slots.Values;

/// <summary>
/// A large list of which snapshots have views. Its tree as it was stays for them: a writer copies the node that it
/// changes and the branches above it, once (<see cref="FrozenPages"/>).
/// </summary>
internal sealed class FrozenList(TableSet tables, int slot, ListOperations operations, in ValueRoot root)
    : FrozenValue(tables, slot, operations, root)
{
    /// <inheritdoc/>
    public override FrozenPages Pages { get; } = new();

    /// <inheritdoc/>
    protected override FrozenView MakeView(NativeHeap copies)
    {
        Pages.ShareAll();
        return new FrozenListView(this);
    }
}
