namespace Starling.Slots.Memory;

/// <summary>What the native memory of a heap or of all of them is used for, in bytes.</summary>
/// <param name="Used">The allocations in use, rounding included.</param>
/// <param name="Active">The blocks that they lie in: what is more than <paramref name="Used"/> is free cells.</param>
/// <param name="Resident">
/// As <paramref name="Active"/>, and free blocks that were not given back to the system yet.
/// </param>
/// <param name="Reclaimable">
/// The part of <paramref name="Active"/> that would be free if the allocations lay in as few blocks as possible.
/// </param>
public readonly record struct MemoryUsage(long Used, long Active, long Resident, long Reclaimable)
{
    /// <summary>Adds two heaps.</summary>
    public static MemoryUsage operator +(MemoryUsage left, MemoryUsage right) => new(
        left.Used + right.Used, left.Active + right.Active, left.Resident + right.Resident,
        left.Reclaimable + right.Reclaimable);
}
