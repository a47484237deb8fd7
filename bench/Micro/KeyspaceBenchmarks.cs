using System.Globalization;
using System.Text;
using BenchmarkDotNet.Attributes;
using Starling.Slots.Keyspace;

namespace Starling.Bench.Micro;

/// <summary>
/// One key at a time, under its stripe's lock, in a keyspace of a million keys of 11 bytes with values of 32.
/// </summary>
[MemoryDiagnoser]
public class KeyspaceBenchmarks
{
    private const int Keys = 1_000_000;
    private readonly byte[] _value = new byte[32];
    private Keyspace _keyspace = null!;
    private byte[][] _keys = null!;
    private int _next;

    /// <summary>Fills the keyspace.</summary>
    [GlobalSetup]
    public void Fill()
    {
        _keyspace = new Keyspace(new KeyspaceOptions { Databases = 1, HashSeed = 1 });
        _keys = [.. Enumerable.Range(0, Keys).Select(i => Encoding.ASCII.GetBytes("k" + i.ToString("D10", CultureInfo.InvariantCulture)))];
        foreach (var key in _keys) Set(key);
    }

    /// <summary>Frees it.</summary>
    [GlobalCleanup]
    public void Free() => _keyspace.Dispose();

    /// <summary>Slot and hash of a key.</summary>
    [Benchmark]
    public ushort SlotAndHash() => _keyspace.Key(Next()).Slot;

    /// <summary>Finds a key at random.</summary>
    [Benchmark]
    public int Find()
    {
        var key = _keyspace.Key(Next());
        using var held = _keyspace.LockSlot(key.Slot);
        return _keyspace[0].TryFind(key, out var entry) ? entry.String.Length : -1;
    }

    /// <summary>Replaces a value at random by one of the same length.</summary>
    [Benchmark]
    public void Replace() => Set(Next());

    private byte[] Next()
    {
        _next = (int)((_next * 1103515245L + 12345) % Keys); // spreads over the keys, so that caches do not help
        return _keys[_next];
    }

    private void Set(byte[] bytes)
    {
        var key = _keyspace.Key(bytes);
        using var held = _keyspace.LockSlot(key.Slot);
        _keyspace[0].SetString(key, _value, Entry.NoExpiry, 0);
    }
}
