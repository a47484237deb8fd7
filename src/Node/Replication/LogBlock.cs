namespace Starling.Node.Replication;

/// <summary>
/// A stretch of the replication log. Every member is guarded by the log's lock, except that bytes once written never
/// change.
/// </summary>
internal sealed class LogBlock(byte[] bytes, long start)
{
    /// <summary>Storage; the first <see cref="Length"/> bytes are written.</summary>
    public byte[] Bytes { get; } = bytes;

    /// <summary>Log position of the first byte; changes when the log is rebased, before it has readers.</summary>
    public long Start { get; set; } = start;

    /// <summary>Number of bytes written.</summary>
    public int Length { get; set; }

    /// <summary>Log position after the last byte written.</summary>
    public long End => Start + Length;

    /// <summary>Number of cursors that stand in this block: it and what follows stay while there is one.</summary>
    public int Readers { get; set; }

    /// <summary>The block that follows.</summary>
    public LogBlock? Next { get; set; }
}
