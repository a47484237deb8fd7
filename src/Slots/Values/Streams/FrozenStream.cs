using Starling.Slots.Keyspace;
using Starling.Slots.Memory;

namespace Starling.Slots.Values.Streams;

/// <summary>
/// A large stream of which snapshots have views. All its blocks as they were stay for them: a writer copies what it
/// changes and the way to it, once (<see cref="FrozenPages"/>).
/// </summary>
internal sealed class FrozenStream(TableSet tables, int slot, StreamOperations operations, in ValueRoot root)
    : FrozenValue(tables, slot, operations, root)
{
    /// <inheritdoc/>
    public override FrozenPages Pages { get; } = new();

    /// <inheritdoc/>
    protected override FrozenView MakeView(NativeHeap copies)
    {
        Pages.ShareAll();
        return new FrozenStreamView(this);
    }
}
