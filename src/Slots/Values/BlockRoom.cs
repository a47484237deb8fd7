using System.Numerics;

namespace Starling.Slots.Values;

/// <summary>
/// The size of a block whose content is as long as its value says: it follows from that length, so that it is kept nowhere.
/// </summary>
internal static class BlockRoom
{
    private const int ExactBytes = 128;
    private const int RoomSteps = 16; // the free room of a block is at most a sixteenth of its content

    /// <summary>The size of the block for a content of so many bytes: some room for more.</summary>
    public static long For(long bytes)
    {
        if (bytes <= ExactBytes) return (bytes + 7) & ~7;
        var step = (1L << BitOperations.Log2((ulong)bytes)) / RoomSteps;
        return (bytes + step - 1) & -step;
    }
}
