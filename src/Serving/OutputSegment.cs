namespace Starling.Serving;

/// <summary>A stretch of output.</summary>
/// <param name="Bytes">Where it lies; from the server's pool.</param>
/// <param name="Start">Where what is not sent yet begins.</param>
/// <param name="End">Where it ends.</param>
/// <param name="Required">
/// The offset that the log must have reached before it may be sent; 0 when it may go at once.
/// </param>
internal record struct OutputSegment(byte[] Bytes, int Start, int End, long Required)
{
    /// <summary>What is to be sent.</summary>
    public readonly ReadOnlySpan<byte> Span => Bytes.AsSpan(Start, End - Start);
}
