namespace Starling.Node.Config;

/// <summary>
/// Which of the contents taken of one configuration is in its file: one that was taken earlier does not replace it, whatever
/// order they are written in. Any thread, where it does not say otherwise.
/// </summary>
internal sealed class RewriteOrder
{
    private long _taken;
    private long _written;

    /// <summary>A number above all before; before the content is taken.</summary>
    public long Next() => Interlocked.Increment(ref _taken);

    /// <summary>A content that was taken later is in the file. Under the lock of rewriting.</summary>
    public bool IsSuperseded(long number) => number < _written;

    /// <summary>The content of a number is in the file. Under the lock of rewriting.</summary>
    public void NoteWritten(long number) => _written = number;
}
