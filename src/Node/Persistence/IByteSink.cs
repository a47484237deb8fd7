namespace Starling.Node.Persistence;

/// <summary>Takes bytes in order.</summary>
public interface IByteSink
{
    /// <summary>Takes the next bytes; they are valid during the call only.</summary>
    void Write(ReadOnlySpan<byte> bytes);
}
