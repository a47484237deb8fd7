namespace Starling.Node.Serving;

/// <summary>A client that waits; see <see cref="CommandContext.Suspend"/>.</summary>
public sealed class Suspension
{
    /// <summary>Ends the wait. Any thread; the first end counts, later ones do nothing.</summary>
    public void Complete() => throw new NotSupportedException();
}
