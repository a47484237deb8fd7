namespace Starling.Serving;

/// <summary>A stretch of output.</summary>
/// <param name="Bytes">Where it lies; from the server's pool, unless it is shared.</param>
/// <param name="Start">Where what is not sent yet begins.</param>
/// <param name="End">Where it ends.</param>
/// <param name="Required">
/// The offset that the log must have reached before it may be sent; 0 when it may go at once.
/// </param>
/// <param name="IsShared">
/// Others send the same bytes: they are not from the pool, and nothing is put behind them.
/// </param>
internal record struct OutputSegment(byte[] Bytes, int Start, int End, long Required, bool IsShared = false)
{
    /// <summary>Bytes that are to be sent.</summary>
    public readonly int Length => End - Start;

    /// <summary>What is to be sent.</summary>
    public readonly ReadOnlySpan<byte> Span => Bytes.AsSpan(Start, End - Start);
}
