using System.Runtime.InteropServices;
using Starling.Slots.Keyspace;

namespace Starling.Slots.Values.SortedSets;

/// <summary>
/// An element of a large sorted set in the order of the tree: its score, and the block with its member, which the table
/// of members leads to as well.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ScoreItem
{
    /// <summary>The score.</summary>
    public double Score;

    /// <summary>The block of the element; its key is the member.</summary>
    public byte* Element;

    /// <summary>The member. Aliases native memory.</summary>
    public readonly ReadOnlySpan<byte> Member => EntryBlock.Key(Element);

    /// <summary>True when the element comes before one of that score and member.</summary>
    public readonly bool IsBefore(double score, ReadOnlySpan<byte> member) =>
        Score < score || (Score == score && Member.SequenceCompareTo(member) < 0);
}
