namespace Starling.Resp;

/// <summary>The peer's bytes are no RESP: the connection cannot go on.</summary>
public sealed class RespProtocolException : Exception
{
    /// <summary>Makes one.</summary>
    public RespProtocolException()
    {
    }

    /// <summary>Makes one with what is wrong.</summary>
    public RespProtocolException(string message)
        : base(message)
    {
    }

    /// <summary>Makes one with what is wrong and why.</summary>
    public RespProtocolException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
