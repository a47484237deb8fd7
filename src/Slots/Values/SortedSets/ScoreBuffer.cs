using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Starling.Slots.Keyspace;
using Starling.Slots.Memory;

namespace Starling.Slots.Values.SortedSets;

/// <summary>
/// Members with scores in the order in which they came, in scratch arrays: what small results are made of before
/// they are known. A record is a score (8 bytes), the hash (4) and the length (4) of the member, and the member.
/// </summary>
/// <param name="hash">The keyspace's hash.</param>
internal struct ScoreBuffer(in KeyHash hash)
{
    private const int HashAt = sizeof(double);
    private const int LengthAt = HashAt + sizeof(uint);
    private const int MemberAt = LengthAt + sizeof(int);
    private const int FirstBytes = 1024;
    private const int FirstRecords = 64;
    private const int MostInserted = 16; // are sorted by inserting one after the other

    private readonly KeyHash _hash = hash;
    private byte[] _bytes = [];
    private int[] _records = []; // where they start
    private int[] _places = []; // of the hash table: the number of a record and 1; 0 for none
    private int _mask;
    private int _indexed; // records that the hash table has
    private bool _isUnordered;

    /// <summary>Number of records.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of all records.</summary>
    public int Bytes { get; private set; }

    /// <summary>The member of a record.</summary>
    public readonly ReadOnlySpan<byte> Member(int index)
    {
        var record = Record(index);
        return record.Slice(MemberAt, MemoryMarshal.Read<int>(record[LengthAt..]));
    }

    /// <summary>The score of a record.</summary>
    public readonly double Score(int index) => MemoryMarshal.Read<double>(Record(index));

    /// <summary>Gives a record another score.</summary>
    public void SetScore(int index, double score)
    {
        MemoryMarshal.Write(Record(index), in score);
        _isUnordered = true;
    }

    /// <summary>Adds a record; its member is in no other.</summary>
    public void Add(ReadOnlySpan<byte> member, double score)
    {
        var length = MemberAt + member.Length;
        if (_bytes.Length - Bytes < length) Grow(ref _bytes, Bytes, Math.Max(FirstBytes, 2 * (Bytes + length)));
        if (_records.Length == Count) Grow(ref _records, Count, Math.Max(FirstRecords, 2 * Count));
        var record = _bytes.AsSpan(Bytes, length);
        MemoryMarshal.Write(record, in score);
        var memberLength = member.Length;
        MemoryMarshal.Write(record[LengthAt..], in memberLength);
        member.CopyTo(record[MemberAt..]);
        _isUnordered |= Count > 0 && !IsBefore(Count - 1, score, member);
        _records[Count++] = Bytes;
        Bytes += length;
    }

    /// <summary>The number of the record with a member; -1 when there is none.</summary>
    public int Find(ReadOnlySpan<byte> member)
    {
        while (_indexed < Count) Index(_indexed++);
        if (Count == 0) return -1;
        var hash = (uint)_hash.Of(member);
        for (var place = hash; ; place++)
        {
            var number = _places[(int)(place & (uint)_mask)] - 1;
            if (number < 0) return -1;
            if (MemoryMarshal.Read<uint>(Record(number)[HashAt..]) == hash && Member(number).SequenceEqual(member)) return number;
        }
    }

    /// <summary>Brings the records into the order of a sorted set. Nothing may be looked for from then on.</summary>
    public void Sort()
    {
        if (!_isUnordered) return;
        var scores = ScratchArrays.Rent<double>(Count);
        for (var i = 0; i < Count; i++) scores[i] = Score(i);
        scores.AsSpan(0, Count).Sort(_records.AsSpan(0, Count));
        for (int from = 0, end; from < Count; from = end)
        {
            for (end = from + 1; end < Count && scores[end] == scores[from]; end++)
            {
            }

            if (end > from + 1) SortByMember(from, end);
        }

        ScratchArrays.Return(scores);
        _isUnordered = false;
    }

    /// <summary>Gives the arrays back; there is no record any more.</summary>
    public void Clear()
    {
        ScratchArrays.Return(_bytes);
        ScratchArrays.Return(_records);
        ScratchArrays.Return(_places);
        var hash = _hash;
        this = new ScoreBuffer(hash);
    }

    private static void Grow<T>(ref T[] array, int used, int wanted)
        where T : struct
    {
        var larger = ScratchArrays.Rent<T>(wanted);
        array.AsSpan(0, used).CopyTo(larger);
        ScratchArrays.Return(array);
        array = larger;
    }

    private readonly Span<byte> Record(int index) => _bytes.AsSpan(_records[index]);

    private readonly bool IsBefore(int index, double score, ReadOnlySpan<byte> member)
    {
        var other = Score(index);
        return other < score || (other == score && Member(index).SequenceCompareTo(member) < 0);
    }

    private void Index(int number)
    {
        if (2 * (number + 1) > _mask) MakeIndex(number);
        var hash = (uint)_hash.Of(Member(number));
        MemoryMarshal.Write(Record(number)[HashAt..], in hash);
        Place(number, hash);
    }

    private readonly void Place(int number, uint hash)
    {
        var place = hash;
        while (_places[(int)(place & (uint)_mask)] != 0) place++;
        _places[(int)(place & (uint)_mask)] = number + 1;
    }

    private void MakeIndex(int indexed)
    {
        var size = Math.Max(FirstRecords * 2, (int)BitOperations.RoundUpToPowerOf2((uint)indexed * 4));
        ScratchArrays.Return(_places);
        _places = ScratchArrays.Rent<int>(size);
        _places.AsSpan(0, size).Clear();
        _mask = size - 1;
        for (var i = 0; i < indexed; i++) Place(i, MemoryMarshal.Read<uint>(Record(i)[HashAt..]));
    }

    private readonly void SortByMember(int from, int end)
    {
        var records = _records.AsSpan(from, end - from);
        if (records.Length > MostInserted)
        {
            var bytes = _bytes;
            records.Sort((x, y) => MemberOf(bytes, x).SequenceCompareTo(MemberOf(bytes, y)));
            return;
        }

        for (var i = 1; i < records.Length; i++)
        {
            var moved = records[i];
            var member = MemberOf(_bytes, moved);
            var to = i;
            for (; to > 0 && MemberOf(_bytes, records[to - 1]).SequenceCompareTo(member) > 0; to--) records[to] = records[to - 1];
            records[to] = moved;
        }
    }

    private static ReadOnlySpan<byte> MemberOf(byte[] bytes, int record) =>
        bytes.AsSpan(record + MemberAt, Unsafe.ReadUnaligned<int>(ref bytes[record + LengthAt]));
}
