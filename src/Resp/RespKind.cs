namespace Starling.Resp;

/// <summary>The type of a reply. The numbers are the type's first byte on the wire.</summary>
public enum RespKind : byte
{
    /// <summary>A status such as OK.</summary>
    Simple = (byte)'+',

    /// <summary>An error.</summary>
    Error = (byte)'-',

    /// <summary>A signed 64-bit integer.</summary>
    Integer = (byte)':',

    /// <summary>A bulk string.</summary>
    Bulk = (byte)'$',

    /// <summary>An array.</summary>
    Array = (byte)'*',

    /// <summary>Null, in any of its three forms.</summary>
    Null = (byte)'_',

    /// <summary>A double.</summary>
    Double = (byte)',',

    /// <summary>A boolean.</summary>
    Boolean = (byte)'#',

    /// <summary>An error with a length.</summary>
    BulkError = (byte)'!',

    /// <summary>A string with a format.</summary>
    Verbatim = (byte)'=',

    /// <summary>A big number.</summary>
    BigNumber = (byte)'(',

    /// <summary>A map; its elements are keys and values in turn.</summary>
    Map = (byte)'%',

    /// <summary>A set.</summary>
    Set = (byte)'~',

    /// <summary>An out-of-band push.</summary>
    Push = (byte)'>',

    /// <summary>Attributes of the reply that follows; elements are keys and values in turn.</summary>
    Attribute = (byte)'|',
}
