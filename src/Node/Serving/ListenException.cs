namespace Starling.Node.Serving;

/// <summary>The server cannot listen; the message is Redis's and was logged. The process exits with 1.</summary>
public sealed class ListenException : Exception
{
    /// <summary>Makes one.</summary>
    public ListenException()
    {
    }

    /// <summary>Makes one with Redis's message.</summary>
    public ListenException(string message)
        : base(message)
    {
    }

    /// <summary>Makes one with Redis's message and its cause.</summary>
    public ListenException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
