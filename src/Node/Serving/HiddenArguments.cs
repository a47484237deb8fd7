namespace Starling.Node.Serving;

/// <summary>
/// The positions of those arguments of the command that ran last which nobody else is to see: passwords. SLOWLOG and MONITOR show
/// <see cref="Text"/> in their place. One per session.
/// </summary>
internal sealed class HiddenArguments
{
    private readonly List<int> _positions = [];

    /// <summary>What is shown instead.</summary>
    public static ReadOnlySpan<byte> Text => "(redacted)"u8;

    /// <summary>Hides an argument of the command that runs.</summary>
    public void Add(int position) => _positions.Add(position);

    /// <summary>True when an argument is hidden.</summary>
    public bool Contains(int position) => _positions.Count > 0 && _positions.Contains(position);

    /// <summary>A command is about to run: nothing of it is hidden yet.</summary>
    public void Clear()
    {
        if (_positions.Count > 0) _positions.Clear();
    }
}
