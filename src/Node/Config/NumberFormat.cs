namespace Starling.Node.Config;

/// <summary>How the number of a directive is written.</summary>
internal enum NumberFormat
{
    /// <summary>Decimal digits with an optional minus sign.</summary>
    Integer,

    /// <summary>Bytes with an optional unit: b, k, kb, m, mb, g, gb.</summary>
    Memory,

    /// <summary>
    /// Bytes as with <see cref="Memory"/>, or a percentage such as 5%, which is kept as a negative number.
    /// </summary>
    MemoryOrPercent,

    /// <summary>Octal digits, for file permissions.</summary>
    Octal,
}
