using System.Buffers;
using Starling.Resp;

namespace Starling.Node.Serving;

/// <summary>
/// Bytes that wait to be sent, as segments from the shared array pool. The connection's output lock guards it.
/// </summary>
internal sealed class OutputQueue : IRespSegmentReceiver
{
    private const int SegmentLength = 16 * 1024;

    private (byte[] Bytes, int Length)[] _segments = [];
    private int _first;
    private int _count;

    /// <summary>Bytes in the queue.</summary>
    public long Length { get; private set; }

    /// <summary>Number of segments.</summary>
    public int Count => _count;

    public void Take(byte[] bytes, int length)
    {
        if (_count == _segments.Length) Grow();
        _segments[(_first + _count++) % _segments.Length] = (bytes, length);
        Length += length;
    }

    /// <summary>Copies bytes to the end.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        Length += bytes.Length;
        if (_count > 0)
        {
            ref var last = ref _segments[(_first + _count - 1) % _segments.Length];
            var fits = Math.Min(bytes.Length, last.Bytes.Length - last.Length);
            bytes[..fits].CopyTo(last.Bytes.AsSpan(last.Length));
            last.Length += fits;
            bytes = bytes[fits..];
        }

        if (bytes.Length == 0) return;
        var segment = ArrayPool<byte>.Shared.Rent(Math.Max(SegmentLength, bytes.Length));
        bytes.CopyTo(segment);
        Length -= bytes.Length;
        Take(segment, bytes.Length);
    }

    /// <summary>Takes the first segment out; the caller returns it to the pool when it is sent.</summary>
    public bool TryDequeue(out byte[] bytes, out int length)
    {
        if (_count == 0)
        {
            bytes = [];
            length = 0;
            return false;
        }

        (bytes, length) = _segments[_first];
        _segments[_first] = default;
        _first = (_first + 1) % _segments.Length;
        _count--;
        Length -= length;
        if (_count == 0 && _segments.Length > 64) _segments = [];
        if (_count == 0) _first = 0;
        return true;
    }

    /// <summary>Drops everything.</summary>
    public void Clear()
    {
        while (TryDequeue(out var bytes, out _)) ArrayPool<byte>.Shared.Return(bytes);
        _segments = [];
    }

    private void Grow()
    {
        var grown = new (byte[], int)[Math.Max(4, _count * 2)];
        for (var i = 0; i < _count; i++) grown[i] = _segments[(_first + i) % _segments.Length];
        _segments = grown;
        _first = 0;
    }
}
