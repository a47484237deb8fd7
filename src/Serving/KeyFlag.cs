namespace Starling.Serving;

/// <summary>What a command does with a key, as Redis's key specs have it.</summary>
[Flags]
public enum KeyFlag
{
    /// <summary>Nothing that a key spec names.</summary>
    None = 0,

    /// <summary>RO: reads the value and changes nothing.</summary>
    ReadOnly = 1 << 0,

    /// <summary>RW: changes the value that is there.</summary>
    ReadWrite = 1 << 1,

    /// <summary>OW: puts another value in its place, whatever is there.</summary>
    Overwrite = 1 << 2,

    /// <summary>RM: deletes the key.</summary>
    Remove = 1 << 3,

    /// <summary>What the value holds is returned, copied or used.</summary>
    Access = 1 << 4,

    /// <summary>What the value holds is changed.</summary>
    Update = 1 << 5,

    /// <summary>Something is added to the value, and nothing that it holds changes.</summary>
    Insert = 1 << 6,

    /// <summary>Something is taken out of the value, or the key is deleted.</summary>
    Delete = 1 << 7,

    /// <summary>It is no key, but tells slots apart as one does.</summary>
    NotKey = 1 << 8,

    /// <summary>There may be keys that the key spec does not find.</summary>
    Incomplete = 1 << 9,

    /// <summary>Other flags may hold for one call, by its options.</summary>
    VariableFlags = 1 << 10,
}
