using System.Runtime.InteropServices;

namespace Starling.Slots.Values;

/// <summary>A place of a branch: a branch below, or a node, and how many elements are there.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ListSlot
{
    /// <summary>The branch or node.</summary>
    public byte* Address;

    /// <summary>Number of elements in it and below.</summary>
    public long Count;

    /// <summary>The node, on the lowest level.</summary>
    public readonly ListNode* Node => (ListNode*)Address;

    /// <summary>The branch, on the levels above.</summary>
    public readonly ListBranch* Branch => (ListBranch*)Address;
}
