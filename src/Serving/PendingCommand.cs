using Starling.Resp;

namespace Starling.Serving;

/// <summary>A command that was read and not yet executed.</summary>
public sealed class PendingCommand
{
    /// <summary>The arguments; they alias the receive buffer.</summary>
    public ArgumentList Arguments { get; internal set; } = new();

    /// <summary>Where it starts in the input.</summary>
    internal int Start { get; set; }

    /// <summary>Where it ends in the input.</summary>
    internal int End { get; set; }
}
