using Starling.Node.Telemetry;

namespace Starling.Node.Scripting;

/// <summary>What INFO tells of scripts and functions.</summary>
internal static class ScriptInfo
{
    /// <summary>Bytes that are counted for a script beyond its source and hash.</summary>
    private const int BytesOfObject = 128;

    /// <summary>Adds the fields.</summary>
    public static void Register(InfoRegistry info, ScriptService scripts) => info.Add("memory", section =>
    {
        var (functions, states) = (scripts.Functions, scripts.IdleBytes);
        var (own, sources) = (functions.OwnBytes, scripts.SourceBytes);
        section.Bytes("used_memory_lua", states);
        section.Field("used_memory_vm_eval", states);
        section.Field("used_memory_scripts_eval", sources);
        section.Field("number_of_cached_scripts", scripts.Count);
        section.Field("number_of_functions", functions.Current.FunctionCount);
        section.Field("number_of_libraries", functions.Current.Libraries.Count);
        section.Field("used_memory_vm_functions", functions.StateBytes);
        section.Bytes("used_memory_vm_total", states + functions.StateBytes);
        section.Field("used_memory_functions", own);
        section.Bytes("used_memory_scripts", own + sources);
    });

    /// <summary>Bytes of what is known of a script beside its Lua states.</summary>
    public static long BytesOf(Script script) => BytesOfObject + script.Source.Length + script.Hash.Length;
}
