using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Starling.Node.Config;
using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots;

namespace Starling.Node.Scripting;

/// <summary>
/// The scripts that a node knows, and the Lua states that run them: as many as scripts run at once. Any thread.
/// </summary>
internal sealed class ScriptService
{
    private const int MostIdle = 16;
    private static readonly TimeSpan RoomPeriod = TimeSpan.FromMilliseconds(100);

    private readonly ServerConfig _config;
    private readonly ILogger _log;
    private readonly ClientRegistry _clients;

    /// <summary>Guards the idle states and which scripts are busy. A leaf.</summary>
    private readonly RankedLock _lock = new(LockRank.Leaf, nameof(ScriptService));

    private readonly Stack<ScriptEngine> _idle = [];
    private readonly List<ScriptEngine> _busy = [];
    private volatile ScriptTable _table = new(0);
    private volatile bool _isBusy;
    private volatile bool _haveAllEnded;
    private int _lastNumber;

    /// <summary>Makes it for a node.</summary>
    public ScriptService(NodeBasics basics)
    {
        _config = basics.Config;
        _log = basics.Loggers.CreateLogger("lua");
        _clients = basics.Clients;
        Commands = basics.Commands;
        if (!IsSupported) ScriptLog.Unsupported(_log, WhyNot["ERR ".Length..]);
        Functions = new FunctionService(this);
        basics.Cron.Every(RoomPeriod, _ => LuaMemory.LookForRoom(basics.Process));
        ScriptInfo.Register(basics.Info, this);
    }

    /// <summary>The libraries of functions.</summary>
    public FunctionService Functions { get; }

    /// <summary>Bytes of the Lua states that wait for scripts. Any thread.</summary>
    public long IdleBytes
    {
        get
        {
            using (_lock.Enter()) return _idle.Sum(engine => engine.MemoryUsed);
        }
    }

    /// <summary>Bytes of what is known of all scripts beside their Lua states. Any thread.</summary>
    public long SourceBytes => _table.ByHash.Values.Sum(script => ScriptInfo.BytesOf(script));

    /// <summary>What others are answered while a script, or a function, runs for too long: see <see cref="IsBusy"/>.</summary>
    public ReadOnlySpan<byte> BusyReply => RunningFunction is null ? ErrorReplies.Busy : ErrorReplies.BusyFunction;

    /// <summary>The function that runs for so long that others are answered BUSY; null when it is a script, or none does.</summary>
    public BusyCall? RunningFunction
    {
        get
        {
            using (_lock.Enter()) return _busy.Count > 0 && _busy[0].BusyCall is { IsFunction: true } call ? call : null;
        }
    }

    /// <summary>The commands that scripts may call.</summary>
    public CommandTable Commands { get; }

    /// <summary>Scripts can run here; otherwise <see cref="WhyNot"/> says why not.</summary>
    public static bool IsSupported => LuaStubs.IsSupported && LuaApi.IsThere;

    /// <summary>Why scripts cannot run: an error reply.</summary>
    public static string WhyNot => LuaStubs.IsSupported
        ? $"ERR scripts need {LuaApi.Library}, which this system lacks"
        : "ERR scripts run on Linux on x86-64 only";

    /// <summary>A script runs for so long that other clients are answered BUSY.</summary>
    public bool IsBusy => _isBusy;

    /// <summary>The process ends: whatever a script has done, it is to end.</summary>
    public bool HaveAllEnded => _haveAllEnded;

    /// <summary>Number of scripts.</summary>
    public int Count => _table.ByHash.Count;

    /// <summary>The script with a hash of 40 hexadecimal digits in any case; null when there is none.</summary>
    public Script? Find(ReadOnlySpan<byte> hash)
    {
        if (hash.Length != Sha1.HexLength) return null;
        Span<byte> lower = stackalloc byte[Sha1.HexLength];
        System.Text.Ascii.ToLower(hash, lower, out var written);
        return written == lower.Length && _table.ByHash.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(lower, out var script) ? script : null;
    }

    /// <summary>The script with a source; null when it is not known.</summary>
    public Script? FindSource(ReadOnlySpan<byte> source) =>
        _table.BySource.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(source, out var script) ? script : null;

    /// <summary>Makes a script known; returns the error when it is none.</summary>
    public byte[]? Load(ReadOnlySpan<byte> source, out Script script)
    {
        script = FindSource(source)!;
        if (script is not null) return null;
        if (ScriptHead.Read(source, out var head) is { } error) return System.Text.Encoding.Latin1.GetBytes(error);
        var hash = new byte[Sha1.HexLength];
        Sha1.WriteHex(source, hash);
        script = new Script(Interlocked.Increment(ref _lastNumber), source.ToArray(), hash, head, Commands);
        var engine = Rent();
        try
        {
            if (engine.Compile(script) is { } problem) return problem;
        }
        finally
        {
            Return(engine);
        }

        var table = _table;
        script = table.BySource.GetOrAdd(script.Source, script);
        table.ByHash.TryAdd(script.Hash, script);
        return null;
    }

    /// <summary>Forgets every script.</summary>
    public void Flush()
    {
        _table = new ScriptTable(_table.Version + 1);
        List<ScriptEngine> old;
        using (_lock.Enter())
        {
            old = [.. _idle];
            _idle.Clear();
        }

        foreach (var engine in old) engine.Dispose();
    }

    /// <summary>Takes a state; <see cref="Return"/> gives it back.</summary>
    public ScriptEngine Rent()
    {
        var version = _table.Version;
        while (true)
        {
            ScriptEngine? engine;
            using (_lock.Enter()) _idle.TryPop(out engine);
            if (engine is null) return new ScriptEngine(this, version);
            if (engine.Version == version) return engine;
            engine.Dispose();
        }
    }

    /// <summary>Gives a state back.</summary>
    public void Return(ScriptEngine engine)
    {
        var isKept = !engine.IsSpent && engine.Version == _table.Version;
        if (isKept)
        {
            using (_lock.Enter())
            {
                isKept = _idle.Count < MostIdle;
                if (isKept) _idle.Push(engine);
            }
        }

        if (!isKept) engine.Dispose();
    }

    /// <summary>
    /// The flags by which a call is judged that runs a script or function: those of the row, unless the script's first line, or who
    /// registered the function, tells what it does. Then it is a command that writes and takes memory as far as that is not denied, as in
    /// Redis.
    /// </summary>
    public CommandFlags FlagsOf(Command row, ArgumentList arguments)
    {
        var name = arguments[1];
        var isHead = row.Script == ScriptForm.Source && name.StartsWith(ScriptHead.Mark);
        Runnable? script = row.Script switch
        {
            ScriptForm.Hash => Find(name),
            ScriptForm.Function => Functions.Current.FindFunction(name),
            _ => isHead ? FindSource(name) : null,
        };
        if (script is { SaysFlags: true }) return ScriptHead.Apply(row.Flags, script.Flags);

        // What is wrong with a first line is for the handler to say.
        return isHead && script is null && ScriptHead.Read(name, out var head) is null ? ScriptHead.Apply(row.Flags, head.Flags) : row.Flags;
    }

    /// <summary>
    /// A script or function may run with every stripe held, whatever its keys are, since nobody knows which it will touch.
    /// </summary>
    /// <param name="name">The call's second argument.</param>
    /// <param name="form">What that is.</param>
    /// <param name="mayRunAgain">When it turns out to need more than it holds it can run again from the start.</param>
    public bool TakesEverything(ReadOnlySpan<byte> name, ScriptForm form, bool mayRunAgain)
    {
        Runnable? script = form switch
        {
            ScriptForm.Hash => Find(name),
            ScriptForm.Function => Functions.Current.FindFunction(name),
            _ => FindSource(name),
        };
        if (script is null) return !mayRunAgain;
        return script.TakesEverything || (!mayRunAgain && !script.IsConfined);
    }

    /// <summary>Writes a line of a script into the log.</summary>
    public void Log(LogLevel level, string line) => ScriptLog.Line(_log, level, line);

    /// <summary>So long a script may run without others being told.</summary>
    public bool IsSlow(TimeSpan time) => _config.BusyReplyThreshold > 0 && time.TotalMilliseconds >= _config.BusyReplyThreshold;

    /// <summary>A script has become slow.</summary>
    public bool BeginBusy(ScriptEngine engine)
    {
        var script = engine.Script;
        ScriptLog.Slow(
            _log, _config.BusyReplyThreshold, script.IsFunction ? "FUNCTION KILL" : "SCRIPT KILL", System.Text.Encoding.ASCII.GetString(script.Name));
        using (_lock.Enter())
        {
            _busy.Add(engine);
            _isBusy = true;
        }

        return true;
    }

    /// <summary>A slow script has ended.</summary>
    public void EndBusy(ScriptEngine engine)
    {
        using (_lock.Enter())
        {
            _busy.Remove(engine);
            _isBusy = _busy.Count > 0;
            if (_isBusy) return;
        }

        _clients.EndKeyHold();
    }

    /// <summary>
    /// While a script is busy: serves those clients of the calling I/O thread that wait for nothing, as far as they need no stripe.
    /// Called by who runs a script, or waits for stripes.
    /// </summary>
    public void ServeMeanwhile()
    {
        if (_isBusy && IoThread.Current is { } thread) thread.ServeMeanwhile();
    }

    /// <summary>
    /// SCRIPT KILL and FUNCTION KILL: has every script, or function, end that runs for long and has not written. Returns the error; empty
    /// when some end.
    /// </summary>
    public ReadOnlySpan<byte> Kill(bool functions)
    {
        using (_lock.Enter())
        {
            if (_busy.Count == 0) return "NOTBUSY No scripts in execution right now."u8;
            var (ends, isMasters, areOthers) = (false, false, true);
            foreach (var engine in _busy)
            {
                if (engine.Context.Session.Origin != ClientOrigin.Client) isMasters = true;
                else if (engine.Script.IsFunction == functions) ends |= engine.TryKill();
                areOthers &= engine.Script.IsFunction != functions && !engine.HasWritten;
            }

            if (ends)
            {
                ScriptLog.Killed(_log);
                return [];
            }

            if (isMasters) return "UNKILLABLE The busy script was sent by a master instance in the context of replication and cannot be killed."u8;
            if (areOthers) return functions ? ErrorReplies.Busy : ErrorReplies.BusyFunction;
            return "UNKILLABLE Sorry the script already executed write commands against the dataset. You can either wait the script "u8
                + "termination or kill the server in a hard way using the SHUTDOWN NOSAVE command."u8;
        }
    }

    /// <summary>SHUTDOWN NOSAVE: has every script end, if one runs for long; false when none does.</summary>
    public bool EndAll()
    {
        if (_isBusy) _haveAllEnded = true;
        return _haveAllEnded;
    }

    /// <summary>The scripts known at a time.</summary>
    private sealed class ScriptTable(int version)
    {
        public int Version { get; } = version;

        public ConcurrentDictionary<byte[], Script> ByHash { get; } = new(ByteStringComparer.Instance);

        public ConcurrentDictionary<byte[], Script> BySource { get; } = new(ByteStringComparer.Instance);
    }
}
