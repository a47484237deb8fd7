using System.Runtime.InteropServices;

namespace Starling.Slots.Keyspace;

/// <summary>The header of a piece of native memory with records of a snapshot; they follow it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct SnapshotChunk
{
    /// <summary>The chunk that was begun after this one.</summary>
    public SnapshotChunk* Next;

    /// <summary>Bytes of records that it has room for.</summary>
    public int Size;

    /// <summary>Bytes of records that it holds.</summary>
    public int Used;

    /// <summary>The first record.</summary>
    public static byte* Records(SnapshotChunk* chunk) => (byte*)(chunk + 1);
}
