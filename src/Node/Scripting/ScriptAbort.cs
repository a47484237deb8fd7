namespace Starling.Node.Scripting;

/// <summary>Why a script is ended in the middle.</summary>
internal enum ScriptAbort
{
    /// <summary>It is not.</summary>
    None,

    /// <summary>It has done nothing yet that lasts, and runs again with every stripe held.</summary>
    NeedsEverything,

    /// <summary>It has run longer than others may have to wait, and written nothing.</summary>
    TooSlow,

    /// <summary>A managed function that it called has failed.</summary>
    Failed,
}
