namespace Starling.Slots.Keyspace;

/// <summary>What a record of <see cref="SnapshotRecords"/> is; the byte that it starts with.</summary>
internal enum SnapshotPiece : byte
{
    /// <summary>A key: <see cref="SnapshotHead"/>, then the key's bytes.</summary>
    Entry,

    /// <summary>A number of the content: 8 bytes.</summary>
    Number,

    /// <summary>A text of the content: its length in 4 bytes, then the bytes.</summary>
    Text,

    /// <summary>A text that comes in parts begins: its length in 8 bytes.</summary>
    BeginText,

    /// <summary>A part of a text: its length in 4 bytes, then the bytes.</summary>
    TextPart,

    /// <summary>Bytes of the content that stand for themselves: their number in 4 bytes, then they.</summary>
    Raw,
}
