namespace Starling.Node.Persistence;

/// <summary>A stream that calls an action before each read.</summary>
internal sealed class LoadingStream(Stream source, Action beforeRead) : ForwardStream
{
    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        beforeRead();
        return source.Read(buffer);
    }
}
