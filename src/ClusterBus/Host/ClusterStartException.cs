namespace Starling.ClusterBus.Host;

/// <summary>
/// The cluster bus cannot start: the message, in Redis's words, is for the log; the process ends with exit code 1.
/// </summary>
public sealed class ClusterStartException : Exception
{
    /// <summary>Makes it.</summary>
    public ClusterStartException(string message)
        : base(message)
    {
    }

    /// <summary>Makes it from what went wrong below.</summary>
    public ClusterStartException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
