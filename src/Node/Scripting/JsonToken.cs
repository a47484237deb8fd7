namespace Starling.Node.Scripting;

/// <summary>A piece of JSON; the names are those that errors have.</summary>
internal enum JsonToken
{
    /// <summary>{.</summary>
    T_OBJ_BEGIN,

    /// <summary>}.</summary>
    T_OBJ_END,

    /// <summary>[.</summary>
    T_ARR_BEGIN,

    /// <summary>].</summary>
    T_ARR_END,

    /// <summary>A string, which is in the decoder's output.</summary>
    T_STRING,

    /// <summary>A number.</summary>
    T_NUMBER,

    /// <summary>true or false.</summary>
    T_BOOLEAN,

    /// <summary>null.</summary>
    T_NULL,

    /// <summary>:.</summary>
    T_COLON,

    /// <summary>The comma.</summary>
    T_COMMA,

    /// <summary>The end of the text.</summary>
    T_END,

    /// <summary>What is none of these.</summary>
    T_ERROR,
}
