using System.Runtime.InteropServices;

namespace Starling.Slots.Values.SortedSets;

/// <summary>A place of a branch: a node below, how many elements are there, and the first of them.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ScoreSlot
{
    /// <summary>The node.</summary>
    public ScoreNode* Node;

    /// <summary>Number of elements in it and below.</summary>
    public long Count;

    /// <summary>The first of these elements.</summary>
    public ScoreItem First;
}
