using System.Text;
using Starling.Node.Persistence;

namespace Starling.Node.Scripting;

/// <summary>Libraries that are loaded one after another and become known all at once, or not at all.</summary>
/// <param name="service">The node's functions.</param>
/// <param name="isTimed">Code that takes too long is ended.</param>
internal sealed class FunctionBatch(FunctionService service, bool isTimed) : ILibraryBatch
{
    private readonly FunctionSet _added = new();
    private readonly List<FunctionLibrary> _replacedWithin = [];
    private bool _isPublished;

    /// <inheritdoc/>
    public string? Add(ReadOnlySpan<byte> code, bool replaces)
    {
        if (service.Make(code, isTimed, out var library) is { } problem) return Text(problem);
        var before = _added.Find(library!.Name);
        var error = before is null || replaces ? _added.Add(library, before) : FunctionService.AlreadyThere(library.Name, "'"u8);
        if (error is not null)
        {
            library.Dispose();
            return Text(error);
        }

        if (before is not null) _replacedWithin.Add(before);
        return null;
    }

    /// <inheritdoc/>
    public string? Publish(bool keepsPresent, bool replaces) => Join(keepsPresent, replaces) is { } error ? Text(error) : null;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var library in _replacedWithin) library.Dispose();
        if (_isPublished) return;
        foreach (var library in _added.Libraries) library.Dispose();
    }

    private byte[]? Join(bool keepsPresent, bool replaces)
    {
        if (!keepsPresent)
        {
            service.Publish(_added);
            _isPublished = true;
            return null;
        }

        // What is replaced goes first, so that its functions are in nobody's way.
        var joined = service.Current.Copy();
        foreach (var library in _added.Libraries)
        {
            if (joined.Find(library.Name) is not { } present) continue;
            if (!replaces) return FunctionService.AlreadyThere(library.Name, ""u8);
            joined.Remove(present);
        }

        foreach (var library in _added.Libraries)
            if (joined.Add(library, replaced: null) is { } error) return error;
        service.Publish(joined);
        _isPublished = true;
        return null;
    }

    private static string Text(byte[] error) => Encoding.Latin1.GetString(error.AsSpan("ERR ".Length));
}
