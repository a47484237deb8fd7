using System.Buffers;

namespace Starling.Node.Scripting;

/// <summary>Bytes that a library writes, on their way to a Lua string. One for each engine; bounded as its memory is.</summary>
internal sealed class LuaOutput : IBufferWriter<byte>
{
    private const int KeptLength = 64 * 1024;
    private const int FirstLength = 256;

    private byte[] _bytes = new byte[FirstLength];
    private int _used;

    /// <summary>Bytes written.</summary>
    public int Length => _used;

    /// <summary>So much was written that it will not fit into the memory of the engine.</summary>
    public bool IsFull => _used > LuaMemory.Limit / 2;

    /// <summary>Empties it.</summary>
    public void Clear()
    {
        _used = 0;
        if (_bytes.Length > KeptLength) _bytes = new byte[FirstLength];
    }

    /// <summary>Adds bytes.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(GetSpan(bytes.Length));
        _used += bytes.Length;
    }

    /// <summary>Adds a byte.</summary>
    public void Add(byte value)
    {
        GetSpan(1)[0] = value;
        _used++;
    }

    /// <summary>What was written; aliases the output until the next write.</summary>
    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, _used);

    /// <summary>Pushes what was written as a string: the one result of a function.</summary>
    public int Push(ScriptEngine engine, nint lua)
    {
        if (IsFull || !engine.HasRoomFor(_used)) return LuaArguments.NoMemory(lua);
        LuaApi.PushString(lua, _bytes.AsSpan(0, _used));
        Clear();
        return 1;
    }

    /// <inheritdoc/>
    public void Advance(int count) => _used += count;

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Ensure(sizeHint);
        return _bytes.AsMemory(_used);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Ensure(sizeHint);
        return _bytes.AsSpan(_used);
    }

    private void Ensure(int room)
    {
        if (_bytes.Length - _used >= Math.Max(1, room)) return;
        Array.Resize(ref _bytes, LuaMemory.Grown(_bytes.Length, (long)_used + room));
    }
}
