using System.Text;
using Starling.Slots;

namespace Starling.Node.Scripting;

/// <summary>The libraries known at a time, and their functions by name. Not changed any more once others may see it.</summary>
internal sealed class FunctionSet
{
    private readonly List<FunctionLibrary> _libraries = [];
    private readonly Dictionary<byte[], FunctionLibrary> _byName = new(ByteStringComparer.Instance);

    /// <summary>By name in lower case: the names of functions differ in more than case.</summary>
    private readonly Dictionary<byte[], LibraryFunction> _functions = new(ByteStringComparer.Instance);

    /// <summary>The libraries, the oldest first.</summary>
    public IReadOnlyList<FunctionLibrary> Libraries => _libraries;

    /// <summary>Functions of all libraries.</summary>
    public int FunctionCount => _functions.Count;

    /// <summary>A library by its name; null when there is none.</summary>
    public FunctionLibrary? Find(ReadOnlySpan<byte> name) =>
        _byName.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(name, out var library) ? library : null;

    /// <summary>A function by its name in any case; null when there is none.</summary>
    public LibraryFunction? FindFunction(ReadOnlySpan<byte> name)
    {
        const int Short = 256;
        var lower = name.Length <= Short ? stackalloc byte[name.Length] : new byte[name.Length];
        if (Ascii.ToLower(name, lower, out _) != System.Buffers.OperationStatus.Done) return null; // no name at all
        return _functions.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(lower, out var function) ? function : null;
    }

    /// <summary>Another one with the same libraries, to be changed.</summary>
    public FunctionSet Copy()
    {
        var copy = new FunctionSet();
        foreach (var library in _libraries) copy.Insert(library);
        return copy;
    }

    /// <summary>Adds a library; returns the error reply when a function's name is taken.</summary>
    /// <param name="library">The library; none of its name is there but the replaced one.</param>
    /// <param name="replaced">The library that goes for it; null for none.</param>
    public byte[]? Add(FunctionLibrary library, FunctionLibrary? replaced)
    {
        foreach (var function in library.Functions)
        {
            if (FindFunction(function.Name) is { } other && other.Library != replaced)
                return [.. "ERR Function "u8, .. function.Name, .. " already exists"u8];
        }

        if (replaced is not null) Remove(replaced);
        Insert(library);
        return null;
    }

    /// <summary>Takes a library out.</summary>
    public void Remove(FunctionLibrary library)
    {
        _libraries.Remove(library);
        _byName.Remove(library.Name);
        foreach (var function in library.Functions) _functions.Remove(Lower(function.Name));
    }

    private void Insert(FunctionLibrary library)
    {
        _libraries.Add(library);
        _byName.Add(library.Name, library);
        foreach (var function in library.Functions) _functions.Add(Lower(function.Name), function);
    }

    private static byte[] Lower(byte[] name)
    {
        var lower = new byte[name.Length];
        Ascii.ToLower(name, lower, out _);
        return lower;
    }
}
