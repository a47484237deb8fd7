namespace Starling.Resp;

/// <summary>Gets the segments of a <see cref="RespWriter"/>.</summary>
public interface IRespSegmentReceiver
{
    /// <summary>Takes over a segment, to be returned to the writer's pool when its bytes are spent.</summary>
    /// <param name="bytes">The segment.</param>
    /// <param name="length">Bytes in use, from the start.</param>
    void Take(byte[] bytes, int length);
}
