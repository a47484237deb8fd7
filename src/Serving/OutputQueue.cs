using Starling.Resp;

namespace Starling.Serving;

/// <summary>Bytes that wait to be sent, as segments from a pool. The connection's output lock guards it.</summary>
internal sealed class OutputQueue(BufferPool pool) : IRespSegmentReceiver
{
    private const int MostIdleSegments = 64;

    private OutputSegment[] _segments = [];
    private int _first;
    private int _count;

    /// <summary>Bytes in the queue.</summary>
    public long Length { get; private set; }

    /// <summary>Number of segments. Roughly, to who does not hold the output's lock.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>The offset that segments taken from now on wait for; 0 for none.</summary>
    public long Required { get; set; }

    /// <inheritdoc/>
    public void Take(byte[] bytes, int length) => TakeOver(new OutputSegment(bytes, 0, length, Required));

    /// <summary>
    /// Makes sure of room for so many segments more, so that adding them cannot fail when some of them are here already.
    /// </summary>
    /// <exception cref="OutOfMemoryException">There is none; nothing has changed.</exception>
    public void EnsureRoom(int more)
    {
        if (_count + more > _segments.Length) Grow(more);
    }

    /// <summary>Adds a segment.</summary>
    public void Add(OutputSegment segment)
    {
        EnsureRoom(1);
        _segments[(_first + _count++) % _segments.Length] = segment;
        Length += segment.End - segment.Start;
    }

    /// <summary>Copies bytes to the end.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (_count > 0)
        {
            ref var last = ref _segments[(_first + _count - 1) % _segments.Length];
            var fits = last.IsShared ? 0 : Math.Min(bytes.Length, last.Bytes.Length - last.End);
            bytes[..fits].CopyTo(last.Bytes.AsSpan(last.End));
            last.End += fits;
            Length += fits;
            bytes = bytes[fits..];
        }

        while (bytes.Length > 0)
        {
            var segment = pool.Rent(Math.Clamp(bytes.Length, BufferPool.SegmentLength, BufferPool.LargeLength));
            var part = Math.Min(bytes.Length, segment.Length);
            bytes[..part].CopyTo(segment);
            bytes = bytes[part..];
            Add(new OutputSegment(segment, 0, part, Required: 0));
        }
    }

    /// <summary>The first segment; it stays.</summary>
    public bool TryPeek(out OutputSegment segment)
    {
        segment = _count == 0 ? default : _segments[_first];
        return _count > 0;
    }

    /// <summary>Takes the segment away when there is just one; the caller sees to what becomes of its bytes.</summary>
    public bool TryTakeSingle(out OutputSegment segment)
    {
        segment = default;
        if (_count != 1) return false;
        segment = _segments[_first];
        Length = 0;
        RemoveFirst();
        return true;
    }

    /// <summary>The first segments, as far as they may go; they stay.</summary>
    /// <param name="target">Gets them.</param>
    /// <param name="gate">Says which may go.</param>
    /// <param name="most">Bytes after which no further segment is named.</param>
    /// <returns>How many; 0 when nothing is there or may go.</returns>
    public int Peek(Span<ArraySegment<byte>> target, CommitGate gate, long most)
    {
        var count = 0;
        while (count < Math.Min(_count, target.Length) && most > 0)
        {
            ref readonly var segment = ref _segments[(_first + count) % _segments.Length];
            if (!gate.HasReached(segment.Required)) break;
            target[count++] = new ArraySegment<byte>(segment.Bytes, segment.Start, segment.End - segment.Start);
            most -= segment.End - segment.Start;
        }

        return count;
    }

    /// <summary>Takes bytes that were sent off the first segments.</summary>
    public void Consume(int count)
    {
        while (count > 0)
        {
            ref readonly var segment = ref _segments[_first];
            var part = Math.Min(count, segment.End - segment.Start);
            ConsumeFirst(part);
            count -= part;
        }
    }

    /// <summary>Moves everything to the end of another queue.</summary>
    public void MoveTo(OutputQueue other)
    {
        while (_count > 0)
        {
            var segment = _segments[_first];
            Length -= segment.End - segment.Start;
            RemoveFirst();
            other.TakeOver(segment);
        }
    }

    /// <summary>Drops everything.</summary>
    public void Clear()
    {
        while (_count > 0)
        {
            Release(_segments[_first]);
            RemoveFirst();
        }

        Length = 0;
        _segments = [];
    }

    /// <summary>
    /// Adds a segment, or copies it to the end of the last one where it fits: of a client that takes less than it asks for, every
    /// round would leave a segment of a few bytes otherwise.
    /// </summary>
    private void TakeOver(in OutputSegment segment)
    {
        if (_count > 0 && !segment.IsShared)
        {
            ref var last = ref _segments[(_first + _count - 1) % _segments.Length];
            if (!last.IsShared && last.Required == segment.Required && segment.Length <= last.Bytes.Length - last.End)
            {
                // Who is sending the last one now sends it up to its former end.
                segment.Span.CopyTo(last.Bytes.AsSpan(last.End));
                last.End += segment.Length;
                Length += segment.Length;
                pool.Return(segment.Bytes);
                return;
            }
        }

        Add(segment);
    }

    /// <summary>A segment is sent, or will not be: its bytes go back to the pool when they are from there.</summary>
    public void Release(in OutputSegment segment)
    {
        if (!segment.IsShared) pool.Return(segment.Bytes);
    }

    private void ConsumeFirst(int count)
    {
        ref var segment = ref _segments[_first];
        segment.Start += count;
        Length -= count;
        if (segment.Start < segment.End) return;
        Release(segment);
        RemoveFirst();
    }

    private void RemoveFirst()
    {
        _segments[_first] = default;
        _first = (_first + 1) % _segments.Length;
        if (--_count > 0) return;
        _first = 0;
        if (_segments.Length > MostIdleSegments) _segments = [];
    }

    private void Grow(int more)
    {
        var grown = new OutputSegment[Math.Max(Math.Max(4, _count * 2), _count + more)];
        for (var i = 0; i < _count; i++) grown[i] = _segments[(_first + i) % _segments.Length];
        _segments = grown;
        _first = 0;
    }
}
