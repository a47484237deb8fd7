using Starling.Node.Persistence;

namespace Starling.Node.Scripting;

/// <summary>
/// The libraries of functions of a node. What is known changes under every stripe, so that no function runs meanwhile; who holds a
/// stripe, or only looks, finds a set that does not change.
/// </summary>
/// <param name="scripts">The node's scripts.</param>
internal sealed class FunctionService(ScriptService scripts) : ILibraryStore
{
    private volatile FunctionSet _current = new();

    /// <summary>The libraries and functions.</summary>
    public FunctionSet Current => _current;

    /// <inheritdoc/>
    public IReadOnlyList<byte[]> Codes => [.. _current.Libraries.Select(library => library.Code)];

    /// <summary>Bytes of the Lua states of all libraries.</summary>
    public long StateBytes => _current.Libraries.Sum(library => library.StateBytes);

    /// <summary>Bytes of what is known of all libraries beside their Lua states.</summary>
    public long OwnBytes => _current.Libraries.Sum(library => library.OwnBytes);

    /// <inheritdoc/>
    public ILibraryBatch BeginBatch(bool isTimed) => new FunctionBatch(this, isTimed);

    /// <summary>The error reply to a library whose name is taken.</summary>
    public static byte[] AlreadyThere(ReadOnlySpan<byte> name, ReadOnlySpan<byte> quote) =>
        [.. "ERR Library "u8, .. quote, .. name, .. quote, .. " already exists"u8];

    /// <summary>Makes a library of its code, which runs; nobody knows it yet. Returns the error reply, or null.</summary>
    /// <param name="code">The code; any bytes.</param>
    /// <param name="isTimed">Code that takes too long is ended.</param>
    /// <param name="library">The library; null with an error.</param>
    public byte[]? Make(ReadOnlySpan<byte> code, bool isTimed, out FunctionLibrary? library)
    {
        library = null;
        if (!ScriptService.IsSupported) return System.Text.Encoding.ASCII.GetBytes(ScriptService.WhyNot);
        if (LibraryHead.Read(code, out var head) is { } problem) return problem;
        return Make(code, head, isTimed, out library);
    }

    /// <summary>FUNCTION LOAD. Under every stripe. Returns the error reply, or null.</summary>
    public byte[]? Load(ReadOnlySpan<byte> code, bool replaces, bool isTimed, out byte[] name)
    {
        name = [];
        if (!ScriptService.IsSupported) return System.Text.Encoding.ASCII.GetBytes(ScriptService.WhyNot);
        if (LibraryHead.Read(code, out var head) is { } problem) return problem;
        var replaced = _current.Find(head.Name);
        if (replaced is not null && !replaces) return AlreadyThere(head.Name, "'"u8);
        if (Make(code, head, isTimed, out var library) is { } error) return error;
        var next = _current.Copy();
        if (next.Add(library!, replaced) is { } clash)
        {
            library!.Dispose();
            return clash;
        }

        Publish(next);
        name = head.Name;
        return null;
    }

    /// <summary>FUNCTION DELETE. Under every stripe. False when there is no such library.</summary>
    public bool Delete(ReadOnlySpan<byte> name)
    {
        if (_current.Find(name) is not { } library) return false;
        var next = _current.Copy();
        next.Remove(library);
        Publish(next);
        return true;
    }

    /// <summary>Replaces everything that is known. Under every stripe.</summary>
    /// <param name="next">From now on known; what is not in it is closed.</param>
    /// <param name="inBackground">Closes it on another thread.</param>
    public void Publish(FunctionSet next, bool inBackground = false)
    {
        var kept = next.Libraries.ToHashSet();
        FunctionLibrary[] gone = [.. _current.Libraries.Where(library => !kept.Contains(library))];
        _current = next;
        if (gone.Length == 0) return;
        if (inBackground) ThreadPool.UnsafeQueueUserWorkItem(Close, gone, preferLocal: false);
        else Close(gone);
    }

    private byte[]? Make(ReadOnlySpan<byte> code, LibraryHead head, bool isTimed, out FunctionLibrary? library)
    {
        library = null;
        var made = new FunctionLibrary(scripts, head.Name, code.ToArray());
        try
        {
            if (made.Load(head.Length, isTimed) is { } error)
            {
                made.Dispose();
                return error;
            }
        }
        catch
        {
            made.Dispose();
            throw;
        }

        library = made;
        return null;
    }

    private static void Close(FunctionLibrary[] libraries)
    {
        foreach (var library in libraries) library.Dispose();
    }
}
