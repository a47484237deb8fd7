namespace Starling.Serving;

/// <summary>How a command that runs a script, or a function of a library, names it.</summary>
public enum ScriptForm
{
    /// <summary>It runs none.</summary>
    None,

    /// <summary>By its source.</summary>
    Source,

    /// <summary>By its hash.</summary>
    Hash,

    /// <summary>By the name of a function.</summary>
    Function,
}
