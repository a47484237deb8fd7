using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots;

namespace Starling.Node.Scripting;

/// <summary>
/// redis.call and redis.pcall: a command runs inside the scope of its script, as those of a transaction do inside that of EXEC, behind the
/// checks that Redis makes for commands of scripts.
/// </summary>
internal sealed class ScriptCalls
{
    private const int FirstLength = 256;
    private const int KeptLength = 64 * 1024;

    private readonly ArgumentList _arguments = new();
    private readonly List<int> _positions = [];
    private byte[] _buffer = new byte[FirstLength];

    private static ReadOnlySpan<byte> NoMemory => "ERR not enough memory"u8;

    /// <summary>redis.call: an error ends the script, unless it catches it.</summary>
    public static int Call(ScriptEngine engine, nint lua) => engine.Calls.Execute(engine, lua, raises: true);

    /// <summary>redis.pcall: an error is the result.</summary>
    public static int ProtectedCall(ScriptEngine engine, nint lua) => engine.Calls.Execute(engine, lua, raises: false);

    /// <summary>Puts the arguments of a function into a list; false when the error is pushed.</summary>
    public bool TryRead(nint lua, out ArgumentList arguments)
    {
        arguments = _arguments;
        var count = LuaApi.GetTop(lua);
        if (count == 0)
        {
            LuaArguments.PushError(lua, "ERR Please specify at least one argument for this redis lib call"u8, isCounted: false);
            return false;
        }

        if (_buffer.Length > KeptLength) _buffer = new byte[FirstLength];
        _arguments.Reset(_buffer);
        var used = 0;
        Span<byte> digits = stackalloc byte[DoubleText.MaxLength];
        for (var i = 1; i <= count; i++)
        {
            var type = LuaApi.TypeOf(lua, i);
            scoped ReadOnlySpan<byte> text;
            if (type == LuaType.String)
            {
                text = LuaApi.String(lua, i);
            }
            else if (type == LuaType.Number)
            {
                text = Format(LuaApi.ToNumber(lua, i), digits);
            }
            else
            {
                LuaArguments.PushError(lua, "ERR Lua redis lib command arguments must be strings or integers"u8, isCounted: false);
                return false;
            }

            if (_buffer.Length - used < text.Length) Grow(used, text.Length);
            text.CopyTo(_buffer.AsSpan(used));
            _arguments.Add(used, text.Length);
            used += text.Length;
        }

        return true;
    }

    /// <summary>As C's %.17g prints it, where even what is no number has a sign.</summary>
    private static ReadOnlySpan<byte> Format(double value, Span<byte> digits)
    {
        if (double.IsNaN(value)) return double.IsNegative(value) ? "-nan"u8 : "nan"u8;
        return digits[..DoubleText.Format(value, digits)];
    }

    private void Grow(int used, int more)
    {
        Array.Resize(ref _buffer, LuaMemory.Grown(_buffer.Length, (long)used + more));
        _arguments.Rebase(_buffer, 0);
    }

    private int Execute(ScriptEngine engine, nint lua, bool raises)
    {
        if (!TryRead(lua, out var arguments)) return raises ? LuaArguments.Raise : 1;
        LuaApi.SetTop(lua, 0); // thousands of arguments would leave no room for the reply
        var call = engine.Context;
        var table = call.Node.Commands;
        var command = (Command?)table.Find(arguments);
        if (command is null)
        {
            var isKnown = table.FindNamed(arguments) is not null;
            return Refuse(
                lua,
                raises,
                isKnown ? "ERR Wrong number of args calling Redis command from script"u8 : "ERR Unknown Redis command called from script"u8);
        }

        if (command.Handler is null || (command.Flags & CommandFlags.NoScript) != 0)
            return Refuse(lua, raises, "ERR This Redis command is not allowed from script"u8);
        var error = ScriptGate.JudgeStale(call, command);
        if (error.Length == 0) error = ScriptGate.JudgeRights(call, command, arguments);
        if (error.Length == 0) error = ScriptGate.Judge(engine, call, command);
        if (error.Length > 0) return Refuse(lua, raises, error);
        call.Arguments = arguments;
        error = Place(engine, call, command, out var needsEverything);
        if (needsEverything)
        {
            if (!engine.HasWritten) return engine.BeginAgain(lua);
            error = "ERR Script attempted to access a key that it has not declared"u8; // KeyUse promised that it would not
        }

        return error.Length > 0 ? Refuse(lua, raises, error) : Run(engine, call, command, lua, raises);
    }

    private static int Refuse(nint lua, bool raises, ReadOnlySpan<byte> error)
    {
        LuaArguments.PushError(lua, error);
        return raises ? LuaArguments.Raise : 1;
    }

    private static int Run(ScriptEngine engine, CommandContext call, Command command, nint lua, bool raises)
    {
        var reply = call.Reply;
        var (mark, protocol) = (reply.Length, reply.Protocol);
        reply.Protocol = engine.Protocol;
        try
        {
            if ((command.Flags & CommandFlags.Write) != 0 && !engine.TryBeginWriting()) return engine.End(lua, ScriptAbort.Killed);
            call.Node.Executor.RunInScript(call, command, engine.IsReplicated);
            if (reply.IsLost) return Refuse(lua, raises, NoMemory);
            var bytes = reply.TryPeek(mark, out var tail) ? tail : reply.ToArray().AsSpan((int)mark);
            if (!engine.HasRoomFor(ScriptReply.BytesOf(bytes))) return Refuse(lua, raises, NoMemory);
            var isError = new ScriptReply(lua, bytes).Push();
            return isError && raises ? LuaArguments.Raise : 1;
        }
        catch (OutOfMemoryException) when (!call.IsHalfDone)
        {
            call.End();
            return Refuse(lua, raises, NoMemory);
        }
        finally
        {
            if (!reply.IsLost) reply.Truncate(mark);
            reply.Protocol = protocol;
        }
    }

    /// <summary>Whether the script may touch what the command touches, with the stripes that it holds; the error if not.</summary>
    private ReadOnlySpan<byte> Place(ScriptEngine engine, CommandContext call, Command command, scoped out bool needsEverything)
    {
        needsEverything = false;
        if (call.HoldsEverything && call.Node.Cluster is null && !call.Node.Migrations.IsActive) return [];
        var isWrite = (command.Flags & (CommandFlags.Write | CommandFlags.MayReplicate)) != 0;
        needsEverything = !call.HoldsEverything
            && ((isWrite && !engine.Script.IsConfined) || command.Locks != LockMode.Keys || command.TakesEverything(call.Arguments));
        if (needsEverything) return [];
        if (command.SingleKeyIn(call.Count) is > 0 and var single)
            return PlaceKey(engine, call, isWrite, single, call.PlaceKey(single), ref needsEverything);
        _positions.Clear();
        if (!command.TryFindKeys(call.Arguments, _positions)) return []; // malformed: the handler says so
        var isClustered = call.Node.Cluster is not null && call.Session.Origin == ClientOrigin.Client;
        if (isClustered && HasSeveralSlots(call))
            return "ERR Script attempted to access a non local key in a cluster node"u8; // Redis's words for several slots in one call
        foreach (var position in _positions)
        {
            var error = PlaceKey(engine, call, isWrite, position, HashSlot.Of(call[position]), ref needsEverything);
            if (needsEverything || error.Length > 0) return error;
        }

        return [];
    }

    private bool HasSeveralSlots(CommandContext call)
    {
        if (_positions.Count < 2) return false;
        var first = HashSlot.Of(call[_positions[0]]);
        for (var i = 1; i < _positions.Count; i++)
            if (HashSlot.Of(call[_positions[i]]) != first) return true;
        return false;
    }

    private static ReadOnlySpan<byte> PlaceKey(
        ScriptEngine engine, CommandContext call, bool isWrite, int position, int slot, scoped ref bool needsEverything)
    {
        if (call.Node.Cluster is { } cluster && call.Session.Origin == ClientOrigin.Client)
        {
            var error = cluster.JudgeForScript(call, position, slot, isWrite);
            if (error.Length > 0) return error;
            if (engine.Script.SaysFlags && (engine.Flags & ScriptFlags.AllowCrossSlotKeys) == 0)
            {
                if (engine.Slot < 0) engine.Slot = slot;
                else if (engine.Slot != slot) return "ERR Script attempted to access keys that do not hash to the same slot"u8;
            }
        }

        needsEverything = !call.Keyspace.IsHeld(slot);
        if (needsEverything) return [];
        var migrations = call.Node.Migrations;
        return isWrite && migrations.IsActive && migrations.Barrier.Holds(call[position]) ? "TRYAGAIN The key is being sent to another node"u8 : [];
    }
}
