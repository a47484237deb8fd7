using Starling.Slots.Keyspace;

namespace Starling.Slots.Values.Streams;

/// <summary>A large stream as it was at one moment; see <see cref="FrozenStream"/>.</summary>
internal sealed class FrozenStreamView(FrozenStream stream) : FrozenView(stream)
{
    private const int BytesPerStep = 128 << 10;

    private readonly StreamWriter _writer = new(stream.Root);

    /// <inheritdoc/>
    public override bool SaveSome(SnapshotRecords records) => _writer.WriteSome(records, BytesPerStep);

    /// <inheritdoc/>
    protected override void FreeCopies()
    {
        // The stream keeps what this view needed until the last one ends.
    }
}
