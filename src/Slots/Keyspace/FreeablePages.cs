using Starling.Slots.Memory;

namespace Starling.Slots.Keyspace;

/// <summary>Blocks of a value that only snapshots needed any more. They stand for no key.</summary>
internal sealed unsafe class FreeablePages(NativeHeap heap, List<(nint Address, long Size)> pages) : Freeable
{
    private const int PagesPerStep = 256;

    /// <inheritdoc/>
    public override long Objects => 0;

    /// <inheritdoc/>
    public override bool FreeSome(Keyspace keyspace)
    {
        for (var i = 0; i < PagesPerStep && pages.Count > 0; i++)
        {
            var (address, size) = pages[^1];
            pages.RemoveAt(pages.Count - 1);
            heap.Free((byte*)address, size);
        }

        return pages.Count > 0;
    }
}
