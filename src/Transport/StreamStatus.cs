namespace Starling.Transport;

/// <summary>What became of a receive or a send that does not wait.</summary>
public enum StreamStatus
{
    /// <summary>Bytes were moved, perhaps fewer than asked for.</summary>
    Done,

    /// <summary>Nothing is possible now; the stream says what it has to be ready for.</summary>
    NotNow,

    /// <summary>The peer has closed its side in order: nothing more is received.</summary>
    Ended,

    /// <summary>The stream is broken, or closed; <see cref="IByteStream.Error"/> says why.</summary>
    Broken,
}
