namespace Starling.Node.Persistence;

/// <summary>What <see cref="RdbReader.Read"/> found.</summary>
public enum RdbItem
{
    /// <summary>A key with its value.</summary>
    Entry,

    /// <summary>A field of the header.</summary>
    Auxiliary,

    /// <summary>The sizes of a database, as a hint.</summary>
    ResizeDatabase,

    /// <summary>Data of a module, which was skipped.</summary>
    ModuleAuxiliary,

    /// <summary>The code of a library of functions.</summary>
    Function,

    /// <summary>The end; the checksum was right, absent or not to be checked.</summary>
    End,

    /// <summary>
    /// The stream is not valid or ended early: see <see cref="RdbReader.Error"/>. Nothing more can be read.
    /// </summary>
    Failed,
}
