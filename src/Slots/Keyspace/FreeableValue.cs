using Starling.Slots.Values;

namespace Starling.Slots.Keyspace;

/// <summary>A large value that no key has any more.</summary>
internal sealed class FreeableValue : Freeable
{
    /// <summary>
    /// A value with more pages is freed in the background whoever deletes it: giving a mebibyte back to the system
    /// takes some 50 microseconds.
    /// </summary>
    public const long PagesFreedAtOnce = 16;

    /// <summary>
    /// A value with more pages is freed in the background when a command asks for that, as UNLINK does.
    /// </summary>
    public const long PagesFreedLazily = 1;

    private const int PagesPerStep = 256;

    private readonly ValueOperations _operations;
    private readonly ValueMemory _memory;
    private ValueRoot _root;

    /// <summary>Takes over a value.</summary>
    public FreeableValue(ValueOperations operations, in ValueMemory memory, in ValueRoot root)
    {
        _operations = operations;
        _memory = memory;
        _root = root;
    }

    /// <inheritdoc/>
    public override long Objects => 1;

    /// <inheritdoc/>
    public override bool FreeSome(Keyspace keyspace) => _operations.FreeSome(_memory, ref _root, PagesPerStep);
}
