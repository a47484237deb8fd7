namespace Starling.Resp;

/// <summary>
/// The arguments of one command as ranges of a byte buffer, the command's name first. Reused from command to command: reading a
/// command allocates nothing once the list has its size.
/// </summary>
public sealed class ArgumentList
{
    private byte[] _buffer = [];
    private (int Offset, int Length)[] _ranges = new (int, int)[8];

    /// <summary>Number of arguments, the command's name included.</summary>
    public int Count { get; private set; }

    /// <summary>One argument; aliases the buffer, copy to keep.</summary>
    public ReadOnlySpan<byte> this[int index]
    {
        get
        {
            var (offset, length) = _ranges.AsSpan(0, Count)[index];
            return new ReadOnlySpan<byte>(_buffer, offset, length);
        }
    }

    /// <summary>Empties the list and names the buffer that ranges refer to from now on.</summary>
    public void Reset(byte[] buffer)
    {
        _buffer = buffer;
        Count = 0;
    }

    /// <summary>Adds an argument that lies in the buffer.</summary>
    public void Add(int offset, int length)
    {
        if (Count == _ranges.Length) Array.Resize(ref _ranges, Count * 2);
        _ranges[Count++] = (offset, length);
    }
}
