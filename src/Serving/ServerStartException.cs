namespace Starling.Serving;

/// <summary>
/// The server cannot start: a port is in use, a file is damaged. The message is for the operator; the process exits
/// with code 1.
/// </summary>
public sealed class ServerStartException : Exception
{
    /// <summary>Makes the exception with the line for the log.</summary>
    public ServerStartException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception with the line for the log and what caused it.</summary>
    public ServerStartException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
