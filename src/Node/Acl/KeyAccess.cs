namespace Starling.Node.Acl;

/// <summary>What may be done with a key, or is about to be.</summary>
[Flags]
internal enum KeyAccess
{
    /// <summary>Nothing but to know whether it is there, of which kind it is and how large.</summary>
    None = 0,

    /// <summary>To read what it holds.</summary>
    Read = 1,

    /// <summary>To change what it holds, or delete it.</summary>
    Write = 2,

    /// <summary>Both.</summary>
    ReadWrite = Read | Write,
}
