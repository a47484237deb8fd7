using Starling.Slots;

namespace Starling.Node.Scripting;

/// <summary>
/// A library of functions: its code, and the Lua state in which that has run. Its functions share what the code has made, so that
/// one of them runs at a time (<see cref="Enter"/>).
/// </summary>
internal sealed class FunctionLibrary : IDisposable
{
    /// <summary>Bytes that are counted for a library beyond its code and name, and for a function beyond its name and description.</summary>
    private const int BytesOfObject = 128;

    /// <summary>So long a caller waits before it serves others meanwhile.</summary>
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(50);

    /// <summary>Held while a function runs. Taken under the stripes of its call; a script's calls are made under it.</summary>
    private readonly RankedLock _lock = new(LockRank.Library, nameof(FunctionLibrary));

    private readonly ScriptEngine _engine;
    private readonly List<LibraryFunction> _functions = [];
    private long _stateBytes;

    /// <summary>Makes one whose code has not run yet.</summary>
    /// <param name="scripts">The node's scripts.</param>
    /// <param name="name">Its name.</param>
    /// <param name="code">Its code, first line included.</param>
    public FunctionLibrary(ScriptService scripts, byte[] name, byte[] code)
    {
        Scripts = scripts;
        Name = name;
        Code = code;
        _engine = new ScriptEngine(scripts, version: 0, isForFunctions: true);
    }

    /// <summary>The node's scripts.</summary>
    public ScriptService Scripts { get; }

    /// <summary>Its name.</summary>
    public byte[] Name { get; }

    /// <summary>Its code, first line included.</summary>
    public byte[] Code { get; }

    /// <summary>Its functions in the order in which they were registered.</summary>
    public IReadOnlyList<LibraryFunction> Functions => _functions;

    /// <summary>Bytes of its Lua state after the last call. Any thread.</summary>
    public long StateBytes => Volatile.Read(ref _stateBytes);

    /// <summary>Bytes of what the server itself keeps of it.</summary>
    public long OwnBytes =>
        BytesOfObject + Name.Length + Code.Length + TextBytes + ((long)BytesOfObject * _functions.Count);

    /// <summary>Bytes of the names and descriptions of its functions.</summary>
    public long TextBytes { get; private set; }

    /// <summary>Runs its code, which registers its functions. Once. Returns the error reply; null when there are some.</summary>
    /// <param name="headLength">Bytes of the first line, which is not Lua's.</param>
    /// <param name="isTimed">The code is ended when it takes too long.</param>
    public byte[]? Load(int headLength, bool isTimed)
    {
        var error = _engine.LoadLibrary(this, Code.AsSpan(headLength), isTimed);
        Volatile.Write(ref _stateBytes, _engine.MemoryUsed);
        return error ?? (_functions.Count == 0 ? [.. "ERR No functions registered"u8] : null);
    }

    /// <summary>Adds a function while its code runs; null when it has one of that name, in whatever case.</summary>
    public LibraryFunction? Add(byte[] name, byte[]? description, ScriptFlags flags)
    {
        if (_functions.Exists(other => System.Text.Ascii.EqualsIgnoreCase(other.Name, name))) return null;
        var function = new LibraryFunction(this, _functions.Count, name, description, flags);
        _functions.Add(function);
        TextBytes += name.Length + (description?.Length ?? 0);
        return function;
    }

    /// <summary>Waits until no function of it runs, and takes the state; <see cref="Exit"/> gives it back.</summary>
    public ScriptEngine Enter()
    {
        while (!_lock.TryEnter(Turn)) Scripts.ServeMeanwhile();
        return _engine;
    }

    /// <summary>Gives the state back.</summary>
    public void Exit()
    {
        Volatile.Write(ref _stateBytes, _engine.MemoryUsed);
        _lock.Exit();
    }

    /// <summary>Closes the state. No function of it runs, or will.</summary>
    public void Dispose() => _engine.Dispose();
}
