using Starling.Node.Serving;
using Starling.Slots.Values.Streams;

namespace Starling.Node.Commands;

/// <summary>The fields and values of a call: all arguments from one on.</summary>
internal readonly ref struct CallElements(CommandContext call, int from) : IStreamElements
{
    /// <inheritdoc/>
    public int Count => call.Count - from;

    /// <inheritdoc/>
    public ReadOnlySpan<byte> this[int index] => call[from + index];
}
