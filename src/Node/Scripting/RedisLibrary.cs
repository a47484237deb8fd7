using System.Text;
using Microsoft.Extensions.Logging;
using Starling.Node.Acl;
using Starling.Node.Serving;

namespace Starling.Node.Scripting;

/// <summary>The functions of the table redis but for its calls.</summary>
internal static class RedisLibrary
{
    private static readonly LogLevel[] Levels = [LogLevel.Trace, LogLevel.Debug, LogLevel.Information, LogLevel.Warning];

    /// <summary>redis.sha1hex.</summary>
    public static int Sha1Hex(ScriptEngine _, nint lua)
    {
        if (LuaApi.GetTop(lua) != 1) return LuaArguments.FailPlainly(lua, "wrong number of arguments"u8);
        if (!LuaArguments.TryString(lua, 1, out var text)) text = [];
        Span<byte> hex = stackalloc byte[Sha1.HexLength];
        Sha1.WriteHex(text, hex);
        LuaApi.PushString(lua, hex);
        return 1;
    }

    /// <summary>redis.log.</summary>
    public static int Log(ScriptEngine engine, nint lua)
    {
        var count = LuaApi.GetTop(lua);
        if (count < 2) return LuaArguments.FailPlainly(lua, "redis.log() requires two arguments or more."u8);
        if (!LuaArguments.TryInteger(lua, 1, out var level)) return LuaArguments.FailPlainly(lua, "First argument must be a number (log level)."u8);
        if (level is < 0 or > 3) return LuaArguments.FailPlainly(lua, "Invalid debug level."u8);
        var line = new StringBuilder();
        for (var i = 2; i <= count; i++)
        {
            if (!LuaArguments.TryString(lua, i, out var text)) continue;
            if (line.Length > 0) line.Append(' ');
            line.Append(Encoding.Latin1.GetString(text));
        }

        engine.Scripts.Log(Levels[level], line.ToString());
        return 0;
    }

    /// <summary>redis.setresp.</summary>
    public static int SetProtocol(ScriptEngine engine, nint lua)
    {
        if (LuaApi.GetTop(lua) != 1) return LuaArguments.FailPlainly(lua, "redis.setresp() requires one argument."u8);
        LuaArguments.TryInteger(lua, 1, out var version);
        if (version is not (2 or 3)) return LuaArguments.FailPlainly(lua, "RESP version must be 2 or 3."u8);
        engine.Protocol = (int)version;
        return 0;
    }

    /// <summary>redis.set_repl.</summary>
    public static int SetReplication(ScriptEngine engine, nint lua)
    {
        const int ToReplicas = 2;
        if (LuaApi.GetTop(lua) != 1) return LuaArguments.FailPlainly(lua, "redis.set_repl() requires two arguments."u8);
        LuaArguments.TryInteger(lua, 1, out var flags);
        if (flags is < 0 or > 3)
            return LuaArguments.FailPlainly(lua, "Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE."u8);
        engine.IsReplicated = (flags & ToReplicas) != 0;
        return 0;
    }

    /// <summary>redis.acl_check_cmd: whether the client may call a command.</summary>
    public static int CheckCommand(ScriptEngine engine, nint lua)
    {
        if (!engine.Calls.TryRead(lua, out var arguments)) return LuaArguments.Raise;
        if (engine.Scripts.Commands.FindNamed(arguments) is not Command command)
            return LuaArguments.FailPlainly(lua, "Invalid command passed to redis.acl_check_cmd()"u8);
        LuaApi.PushBoolean(lua, ScriptGate.Denial(engine.Context, command, arguments, out _) == AclDenial.None ? 1 : 0);
        return 1;
    }

    /// <summary>redis.breakpoint: nobody debugs.</summary>
    public static int Breakpoint(ScriptEngine _, nint lua)
    {
        LuaApi.PushBoolean(lua, 0);
        return 1;
    }

    /// <summary>redis.debug: nobody debugs.</summary>
    public static int Debug(ScriptEngine _, nint __) => 0;
}
