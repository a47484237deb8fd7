using System.Runtime.InteropServices;
using Starling.Slots.Values;

namespace Starling.Slots.Keyspace;

/// <summary>What a record of a key starts with.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct SnapshotHead
{
    /// <summary>The value's pieces follow in the same chunks.</summary>
    public const int NoView = -1;

    /// <summary>Expiry in milliseconds of Unix time, or <see cref="Entry.NoExpiry"/>.</summary>
    public long ExpiresAt;

    /// <summary>The index of the database when the snapshot started.</summary>
    public int Database;

    /// <summary>Length of the key.</summary>
    public int KeyLength;

    /// <summary>The number of the snapshot's view that has the value, or <see cref="NoView"/>.</summary>
    public int View;

    /// <summary>The form of the value's content.</summary>
    public ContentForm Form;
}
