namespace Starling.Tests.Support;

/// <summary>An error reply.</summary>
/// <param name="Text">The text without the leading '-'.</param>
public sealed record RespError(string Text)
{
    /// <inheritdoc/>
    public override string ToString() => Text;
}
