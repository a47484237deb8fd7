using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Text;
using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots;

namespace Starling.Node.Scripting;

/// <summary>
/// One Lua state and the run of a script in it. One thread at a time. A state in which a script was ended, or found no memory, is not
/// used again (<see cref="IsSpent"/>).
/// </summary>
internal sealed unsafe class ScriptEngine : IDisposable
{
    /// <summary>Instructions between two looks at the clock.</summary>
    private const int HookInterval = 100_000;

    // States of a run; from the first one it goes to one of the others, whichever comes first.
    private const int Unwritten = 0;
    private const int Written = 1;
    private const int Killed = 2;

    private const long KeptMemory = 16 * 1024 * 1024;

    // Keys of the registry.
    private const int HandlerKey = 1;
    private const int BaseKey = 2;
    private const int KeysKey = 3;
    private const int ArgumentsKey = 4;
    private const int LoadingKey = 5; // of libraries only
    private const int FirstScriptKey = 16;

    /// <summary>The code of a library that a client loads has so long, in milliseconds, as in Redis.</summary>
    private const int LongestLoading = 500;

    private readonly LuaMemory* _memory;
    private readonly nint _lua;
    private GCHandle _handle;
    private ScriptAbort _abort;
    private int _state; // Unwritten, Written or Killed
    private int _line; // that ran when the script was ended
    private ExceptionDispatchInfo? _failure;
    private LuaRandom _random = new(0);
    private readonly bool _isForFunctions;
    private bool _isLoadingTimed;
    private ArgumentList _arguments = null!;

    /// <summary>Makes a state with everything that scripts find.</summary>
    /// <param name="scripts">The node's scripts.</param>
    /// <param name="version">Scripts were forgotten so often before.</param>
    /// <param name="isForFunctions">It is a library's: it runs no scripts.</param>
    public ScriptEngine(ScriptService scripts, int version, bool isForFunctions = false)
    {
        Scripts = scripts;
        Version = version;
        _isForFunctions = isForFunctions;
        _handle = GCHandle.Alloc(this);
        _memory = LuaMemory.Create(_handle);
        _lua = LuaApi.NewState(&LuaMemory.Reallocate, (nint)_memory);
        Invariant.That(_lua != 0);
        foreach (var library in (ReadOnlySpan<string>)["luaopen_base", "luaopen_table", "luaopen_string", "luaopen_math", "luaopen_debug"])
        {
            LuaApi.PushClosure(_lua, LuaApi.Address(library), 0);
            LuaText.Push(_lua, library == "luaopen_base" ? "" : library["luaopen_".Length..]);
            Invariant.That(LuaApi.PCall(_lua, 1, 0, 0) == 0);
        }

        RunPrelude();
        LuaApi.SetHook(_lua, LuaFunctions.HookAddress, LuaApi.MaskCount, HookInterval);
    }

    /// <summary>The node's scripts.</summary>
    public ScriptService Scripts { get; }

    /// <summary>The scripts that it knows are those since scripts were forgotten so often.</summary>
    public int Version { get; }

    /// <summary>It is to be closed instead of used again.</summary>
    public bool IsSpent { get; private set; }

    /// <summary>Bytes that it holds.</summary>
    public long MemoryUsed => _memory->Used;

    /// <summary>Managed code runs.</summary>
    public bool IsInManaged
    {
        set => _memory->IsLifted = value;
    }

    /// <summary>The call that runs.</summary>
    public CommandContext Context { get; private set; } = null!;

    /// <summary>The script or function that runs.</summary>
    public Runnable Script { get; private set; } = null!;

    /// <summary>The library whose code runs; null when none does.</summary>
    public FunctionLibrary? Loading { get; private set; }

    /// <summary>What others are told of the call that runs; null before they are. It stays while this state is among the busy ones.</summary>
    public BusyCall? BusyCall { get; private set; }

    /// <summary>What it may.</summary>
    public ScriptFlags Flags { get; private set; }

    /// <summary>The version of the protocol in which its calls are answered.</summary>
    public int Protocol { get; set; }

    /// <summary>It has called a command that writes, or is about to.</summary>
    public bool HasWritten => Volatile.Read(ref _state) == Written;

    /// <summary>What redis.set_repl says: effects go to replicas.</summary>
    public bool IsReplicated { get; set; }

    /// <summary>In a cluster, the slot of the keys that it has touched or declared; negative for none.</summary>
    public int Slot { get; set; }

    /// <summary>The next random number.</summary>
    public int TakeRandom() => _random.Take();

    /// <summary>Begins another sequence of random numbers.</summary>
    public void Seed(int seed) => _random = new LuaRandom(seed);

    /// <summary>What a library writes.</summary>
    public LuaOutput Output { get; } = new();

    /// <summary>What scripts have said of cjson.</summary>
    public JsonSettings Json { get; set; }

    /// <summary>Its calls.</summary>
    public ScriptCalls Calls { get; } = new();

    /// <summary>When the hook was first called in this run, by the stopwatch; 0 when it was not.</summary>
    public long Since { get; private set; }

    /// <summary>It runs longer than others have to wait without a word; set and cleared by its thread.</summary>
    public bool IsBusy { get; private set; }

    /// <summary>The script is being ended: nothing of it runs any more but what catches errors, until the next look.</summary>
    public bool IsEnding => _abort != ScriptAbort.None;

    /// <summary>Room for so many bytes more.</summary>
    public bool HasRoomFor(long bytes) => _memory->HasRoomFor(bytes);

    /// <summary>Compiles a script; null when it can run, otherwise the error.</summary>
    public byte[]? Compile(Script script)
    {
        if (script.Body.StartsWith("\x1b"u8))
            return [.. "ERR Error compiling script (new function): user_script:1: unexpected symbol near 'char(27)'"u8];
        var error = Load(script.Body, "@user_script\0"u8, "ERR Error compiling script (new function): "u8);
        if (error is null) LuaApi.RawSetIndex(_lua, LuaApi.Registry, FirstScriptKey + script.Number);
        return error;
    }

    /// <summary>Runs the code of a library, which registers its functions; null when it has run to its end, otherwise the error.</summary>
    /// <param name="library">Gets the functions.</param>
    /// <param name="body">The code behind its first line.</param>
    /// <param name="isTimed">It is ended when it takes too long.</param>
    public byte[]? LoadLibrary(FunctionLibrary library, ReadOnlySpan<byte> body, bool isTimed)
    {
        if (Load(body, "@user_function\0"u8, "ERR Error compiling function: "u8) is { } problem) return problem;
        (Loading, _isLoadingTimed, Since) = (library, isTimed, 0);
        SetLoading(true);
        IsInManaged = false;
        var status = LuaApi.PCall(_lua, 0, 0, 0);
        IsInManaged = true;
        Loading = null;
        ThrowFailure();
        if (IsEnding) return [.. "ERR Error registering functions: ERR FUNCTION LOAD timeout"u8]; // whatever it has caught meanwhile
        byte[]? error = status == 0 ? null : [.. "ERR Error registering functions: "u8, .. ErrorText()];
        LuaApi.SetTop(_lua, 0);
        SetLoading(false);
        return error;
    }

    /// <summary>Keeps the second argument of <c>redis.register_function</c> as a function of the library that is being loaded.</summary>
    public void KeepFunction(nint lua, LibraryFunction function)
    {
        LuaApi.PushValue(lua, 2);
        LuaApi.RawSetIndex(lua, LuaApi.Registry, FirstScriptKey + function.Number);
    }

    /// <summary>Runs a script and writes the reply, unless it is to run again (<see cref="ScriptAbort.NeedsEverything"/>).</summary>
    /// <param name="call">The call of EVAL.</param>
    /// <param name="script">The script.</param>
    /// <param name="flags">What it may.</param>
    /// <param name="keyCount">Number of keys, from the fourth argument on; the rest is ARGV.</param>
    public ScriptAbort Run(CommandContext call, Script script, ScriptFlags flags, int keyCount)
    {
        Begin(call, script, flags, keyCount);
        LuaApi.RawGetIndex(_lua, LuaApi.Registry, FirstScriptKey + script.Number);
        if (LuaApi.TypeOf(_lua, -1) != LuaType.Function)
        {
            LuaApi.Pop(_lua, 1);
            if (Compile(script) is { } error)
            {
                call.Reply.Error(error);
                return ScriptAbort.None;
            }

            LuaApi.RawGetIndex(_lua, LuaApi.Registry, FirstScriptKey + script.Number);
        }

        SetArguments(call, keyCount);
        return Finish(call, arguments: 0);
    }

    /// <summary>
    /// As <see cref="Run(CommandContext, Script, ScriptFlags, int)"/>, of a function of the library whose state this is: the keys and the
    /// other arguments are its own arguments. The state goes on whatever happens: what the function has left is there for those that follow.
    /// </summary>
    public ScriptAbort Run(CommandContext call, LibraryFunction function, ScriptFlags flags, int keyCount)
    {
        const int FirstKey = 3;
        Begin(call, function, flags, keyCount);
        LuaApi.RawGetIndex(_lua, LuaApi.Registry, FirstScriptKey + function.Number);
        PushTable(call, FirstKey, keyCount);
        PushTable(call, FirstKey + keyCount, call.Count - FirstKey - keyCount);
        try
        {
            return Finish(call, arguments: 2);
        }
        finally
        {
            if (IsSpent) Renew();
        }
    }

    /// <summary>A state in which a function was ended, or found no memory, is as it was before it.</summary>
    private void Renew()
    {
        IsSpent = false;
        _memory->IsRefused = false;
        LuaApi.SetHook(_lua, LuaFunctions.HookAddress, LuaApi.MaskCount, HookInterval);
        LuaApi.Collect(_lua, LuaApi.CollectAll, 0);
        _memory->Refill();
    }

    /// <summary>Begins a run: leaves what handles errors on the stack.</summary>
    private void Begin(CommandContext call, Runnable script, ScriptFlags flags, int keyCount)
    {
        (Context, Script, Flags, Slot) = (call, script, flags, keyCount > 0 ? call.Keys.Slot : -1);
        (Protocol, _state, IsReplicated, Since, IsBusy, _abort) = (2, Unwritten, true, 0, false, ScriptAbort.None);
        _arguments = call.Arguments;
        BusyCall = null;
        Json = JsonSettings.Initial;
        LuaApi.SetTop(_lua, 0);
        LuaApi.RawGetIndex(_lua, LuaApi.Registry, HandlerKey);
    }

    /// <summary>Calls what is on the stack above what handles errors, and writes the reply.</summary>
    private ScriptAbort Finish(CommandContext call, int arguments)
    {
        IsInManaged = false;
        var status = LuaApi.PCall(_lua, arguments, 1, 1);
        IsInManaged = true;
        Output.Clear();
        if (IsBusy) Scripts.EndBusy(this);
        IsBusy = false;
        IsSpent |= _abort != ScriptAbort.None || status == LuaApi.ErrorMemory || !_memory->HasReserve
            || (!_isForFunctions && _memory->Used > KeptMemory);
        ThrowFailure();
        if (_abort == ScriptAbort.NeedsEverything) return _abort;
        if (status != 0 || IsEnding) WriteError(call.Reply, status);
        else ScriptResult.Write(_lua, call.Reply, Protocol);
        LuaApi.SetTop(_lua, 0);
        return _abort;
    }

    /// <summary>Throws what a managed function has thrown that Lua called.</summary>
    private void ThrowFailure()
    {
        if (_failure is not { } failure) return;
        _failure = null;
        failure.Throw();
    }

    /// <summary>Ends the script that runs, from within a function that it called or the hook: no code of it goes on.</summary>
    public int Abort(nint lua, ScriptAbort reason)
    {
        _abort = reason;
        _memory->IsRefused = true; // for good: the state is not used again
        LuaApi.SetHook(lua, LuaFunctions.HookAddress, LuaApi.MaskCount, 1);
        LuaApi.PushString(lua, "the script is ended"u8);
        return LuaArguments.Raise;
    }

    /// <summary>A managed function failed: the script ends, and its caller gets the exception.</summary>
    public int Keep(nint lua, Exception error)
    {
        _failure ??= ExceptionDispatchInfo.Capture(error);
        return Abort(lua, ScriptAbort.Failed);
    }

    /// <summary>The script is about to call a command that writes: from now on it is not killed. False when it has been.</summary>
    public bool TryBeginWriting() => _state == Written || Interlocked.CompareExchange(ref _state, Written, Unwritten) == Unwritten;

    /// <summary>Has the script end at its next look; false when it has written. Any thread.</summary>
    public bool TryKill() => Interlocked.CompareExchange(ref _state, Killed, Unwritten) != Written;

    /// <summary>So many instructions have run: looks at the clock, serves others when it runs for long, and ends when it is to end.</summary>
    public int OnInstructions(nint lua)
    {
        if (IsEnding)
        {
            Scripts.ServeMeanwhile();
            return AbortAgain(lua);
        }

        var now = Stopwatch.GetTimestamp();
        if (Since == 0) Since = now;
        if (Loading is not null) return IsLoadedTooLong(now) ? Abort(lua, ScriptAbort.LoadedTooLong) : 0;
        if (!IsBusy && Scripts.IsSlow(Stopwatch.GetElapsedTime(Since, now)))
        {
            byte[][] command = [.. Enumerable.Range(0, _arguments.Count).Select(i => _arguments[i].ToArray())];
            BusyCall = new BusyCall(Script.Name, Script.IsFunction, command, Since);
            IsBusy = Scripts.BeginBusy(this);
        }

        Scripts.ServeMeanwhile();
        return MustEnd(out var reason) ? End(lua, reason) : 0;
    }

    /// <summary>As <see cref="Abort"/>: the script runs again with every stripe held, unless it is to end.</summary>
    public int BeginAgain(nint lua) => MustEnd(out var reason) ? End(lua, reason) : Abort(lua, ScriptAbort.NeedsEverything);

    /// <summary>As <see cref="Abort"/>, for the reason that there is already.</summary>
    public int AbortAgain(nint lua) => Abort(lua, _abort);

    /// <summary>As <see cref="Abort"/>, of a script that others want to end.</summary>
    public int End(nint lua, ScriptAbort reason)
    {
        NotePlace(lua);
        return Abort(lua, reason);
    }

    /// <summary>The code of a library has to end. One that a master or a file gives has as long as it takes.</summary>
    private bool IsLoadedTooLong(long now) =>
        Scripts.HaveAllEnded || (_isLoadingTimed && Stopwatch.GetElapsedTime(Since, now).TotalMilliseconds > LongestLoading);

    /// <summary>Whether others want the script to end.</summary>
    private bool MustEnd(out ScriptAbort reason)
    {
        reason = Scripts.HaveAllEnded ? ScriptAbort.Dropped : ScriptAbort.Killed;
        return reason == ScriptAbort.Dropped || Volatile.Read(ref _state) == Killed;
    }

    /// <summary>Notes the line of the script that runs.</summary>
    private void NotePlace(nint lua)
    {
        const int MostLevels = 8;
        LuaDebug record;
        _line = 0;
        for (var level = 0; level < MostLevels && LuaApi.GetStack(lua, level, &record) != 0; level++)
        {
            fixed (byte* what = "Sl\0"u8) LuaApi.GetInfo(lua, what, &record);
            _line = record.CurrentLine;
            if (record.Source != null && record.Source[0] == (byte)'@') return;
        }
    }

    /// <summary>Closes the state.</summary>
    public void Dispose()
    {
        LuaApi.Close(_lua);
        LuaMemory.Destroy(_memory);
        _handle.Free();
    }

    private static byte[] ReadPrelude()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("prelude.lua")!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private void RunPrelude()
    {
        var prelude = ReadPrelude();
        fixed (byte* bytes = prelude)
        fixed (byte* name = "=prelude\0"u8)
            Invariant.That(LuaApi.LoadBuffer(_lua, bytes, (nuint)prelude.Length, name) == 0);
        LuaFunctions.Push(_lua);
        LuaText.Push(_lua, Telemetry.ServerVersion.Redis);
        LuaApi.PushNumber(_lua, Telemetry.ServerVersion.RedisNumber);
        LuaApi.PushBoolean(_lua, _isForFunctions ? 1 : 0);
        var status = LuaApi.PCall(_lua, 4, 3, 0);
        if (status != 0) Invariant.Broken("prelude.lua: " + Encoding.UTF8.GetString(LuaApi.Digits(_lua, -1)));
        LuaApi.RawSetIndex(_lua, LuaApi.Registry, LoadingKey);
        LuaApi.RawSetIndex(_lua, LuaApi.Registry, BaseKey);
        LuaApi.RawSetIndex(_lua, LuaApi.Registry, HandlerKey);
        LuaApi.PushString(_lua, "KEYS"u8);
        LuaApi.RawSetIndex(_lua, LuaApi.Registry, KeysKey);
        LuaApi.PushString(_lua, "ARGV"u8);
        LuaApi.RawSetIndex(_lua, LuaApi.Registry, ArgumentsKey);
    }

    /// <summary>Has a library find what is there while its code runs, or what is there while its functions do.</summary>
    private void SetLoading(bool isLoading)
    {
        LuaApi.RawGetIndex(_lua, LuaApi.Registry, LoadingKey);
        LuaApi.PushBoolean(_lua, isLoading ? 1 : 0);
        Invariant.That(LuaApi.PCall(_lua, 1, 0, 0) == 0);
    }

    /// <summary>Leaves the compiled function on the stack, or returns the error.</summary>
    /// <param name="body">The source; any bytes but those of compiled code.</param>
    /// <param name="chunk">Its name for Lua, ended by a zero byte.</param>
    /// <param name="prefix">What the error begins with.</param>
    private byte[]? Load(ReadOnlySpan<byte> body, ReadOnlySpan<byte> chunk, ReadOnlySpan<byte> prefix)
    {
        int status;
        IsInManaged = false;
        fixed (byte* bytes = body)
        fixed (byte* name = chunk)
            status = LuaApi.LoadBuffer(_lua, bytes, (nuint)body.Length, name);
        IsInManaged = true;
        if (status == 0) return null;
        byte[] error = [.. prefix, .. LuaApi.Digits(_lua, -1)];
        LuaApi.Pop(_lua, 1);
        return error;
    }

    /// <summary>The text of the error on top of the stack that the code of a library has raised.</summary>
    private byte[] ErrorText()
    {
        if (LuaApi.TypeOf(_lua, -1) != LuaType.Table) return [.. "ERR "u8, .. ScriptResult.Text(_lua, -1)];
        var given = ScriptResult.Field(_lua, -1, "err"u8);
        return given.Length > 0 ? given : [.. "ERR unknown error"u8];
    }

    private void SetArguments(CommandContext call, int keyCount)
    {
        const int FirstKey = 3;
        LuaApi.RawGetIndex(_lua, LuaApi.Registry, BaseKey);
        SetTable(call, KeysKey, FirstKey, keyCount);
        SetTable(call, ArgumentsKey, FirstKey + keyCount, call.Count - FirstKey - keyCount);
        LuaApi.Pop(_lua, 1);
    }

    private void SetTable(CommandContext call, int nameKey, int from, int count)
    {
        LuaApi.RawGetIndex(_lua, LuaApi.Registry, nameKey);
        PushTable(call, from, count);
        LuaApi.RawSet(_lua, -3);
    }

    /// <summary>Pushes a table of some arguments of the call.</summary>
    private void PushTable(CommandContext call, int from, int count)
    {
        LuaApi.CreateTable(_lua, count, 0);
        for (var i = 0; i < count; i++)
        {
            LuaApi.PushString(_lua, call[from + i]);
            LuaApi.RawSetIndex(_lua, -2, i + 1);
        }
    }

    private void WriteError(RespWriter reply, int status)
    {
        if (_abort is ScriptAbort.Killed or ScriptAbort.Dropped)
        {
            var chunk = _isForFunctions ? "user_function" : "user_script";
            var place = string.Create(CultureInfo.InvariantCulture, $"{Encoding.ASCII.GetString(Script.Name)}, on @{chunk}:{_line}.");
            reply.Error("ERR Script killed by user with SCRIPT KILL... script: " + place);
            return;
        }

        if (status == LuaApi.ErrorMemory)
        {
            reply.Error([.. "ERR not enough memory script: "u8, .. Script.Name]);
            return;
        }

        if (LuaApi.TypeOf(_lua, -1) != LuaType.Table)
        {
            reply.Error([.. "ERR Error running script "u8, .. Script.Name, .. ", "u8, .. ScriptResult.Text(_lua, -1)]);
            return;
        }

        var given = ScriptResult.Field(_lua, -1, "err"u8);
        var text = given.Length > 0 ? ScriptResult.UpToZero(given) : "ERR unknown error"u8;
        var source = ScriptResult.Field(_lua, -1, "source"u8);
        var line = ScriptResult.Field(_lua, -1, "line"u8);
        if (source.Length == 0 || line.Length == 0) reply.Error(text);
        else reply.Error([.. text, .. " script: "u8, .. Script.Name, .. ", on "u8, .. source, .. ":"u8, .. line, .. "."u8]);
    }
}
