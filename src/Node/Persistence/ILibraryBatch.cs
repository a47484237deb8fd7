namespace Starling.Node.Persistence;

/// <summary>
/// Libraries of functions that are loaded one after another and become known all at once, or, disposed before, not at all. One
/// thread at a time.
/// </summary>
internal interface ILibraryBatch : IDisposable
{
    /// <summary>Loads one: its code runs. Returns what is wrong with it; null when it is taken.</summary>
    /// <param name="code">The code; any bytes.</param>
    /// <param name="replaces">One of the same name in this batch goes for it; otherwise that is an error.</param>
    string? Add(ReadOnlySpan<byte> code, bool replaces);

    /// <summary>Makes them known. Under every stripe, once. Returns why they cannot be; null when they are.</summary>
    /// <param name="keepsPresent">The libraries that are known stay; otherwise these go for all of them.</param>
    /// <param name="replaces">Those of the same names go for these; otherwise that is an error.</param>
    string? Publish(bool keepsPresent, bool replaces);
}
