namespace Starling.Node.Persistence;

/// <summary>The libraries of functions, as files and streams know them: by their code. Any thread.</summary>
internal interface ILibraryStore
{
    /// <summary>The code of every library, the oldest first; of one moment, and not changed afterwards.</summary>
    IReadOnlyList<byte[]> Codes { get; }

    /// <summary>Begins to load libraries.</summary>
    /// <param name="isTimed">Code that takes too long is ended: it comes from a client.</param>
    ILibraryBatch BeginBatch(bool isTimed);
}
