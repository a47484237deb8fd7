namespace Starling.Node.Scripting;

/// <summary>A function that a library has registered (<c>redis.register_function</c>).</summary>
/// <param name="library">Its library.</param>
/// <param name="number">Its place among the functions of its library.</param>
/// <param name="name">Its name: letters, digits and underscores, as it was registered.</param>
/// <param name="description">What the library says of it; null when it says nothing.</param>
/// <param name="flags">What it may do.</param>
internal sealed class LibraryFunction(FunctionLibrary library, int number, byte[] name, byte[]? description, ScriptFlags flags) : Runnable
{
    /// <summary>Its library.</summary>
    public FunctionLibrary Library { get; } = library;

    /// <summary>Its place among the functions of its library, from 0 on.</summary>
    public int Number { get; } = number;

    /// <summary>What the library says of it; null when it says nothing.</summary>
    public byte[]? Description { get; } = description;

    /// <inheritdoc/>
    public override byte[] Name { get; } = name;

    /// <inheritdoc/>
    public override bool SaysFlags => true;

    /// <inheritdoc/>
    public override ScriptFlags Flags { get; } = flags;

    /// <inheritdoc/>
    public override bool IsFunction => true;

    /// <inheritdoc/>
    public override bool IsConfined => false;

    /// <summary>
    /// Always: it cannot begin again with more stripes when it comes upon a key that it has not declared, since what it has done to the
    /// variables of its library is done.
    /// </summary>
    public override bool TakesEverything => true;
}
