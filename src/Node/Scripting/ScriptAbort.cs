namespace Starling.Node.Scripting;

/// <summary>Why a script is ended in the middle.</summary>
internal enum ScriptAbort
{
    /// <summary>It is not.</summary>
    None,

    /// <summary>It has done nothing yet that lasts, and runs again with every stripe held.</summary>
    NeedsEverything,

    /// <summary>SCRIPT KILL has ended it, before it has written anything.</summary>
    Killed,

    /// <summary>SHUTDOWN NOSAVE has ended it: what it has done is lost with the process, and nobody hears of it.</summary>
    Dropped,

    /// <summary>The code of a library has taken too long.</summary>
    LoadedTooLong,

    /// <summary>A managed function that it called has failed.</summary>
    Failed,
}
