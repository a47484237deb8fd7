namespace Starling.Node.Scripting;

/// <summary>What the library cjson can be told. Holds for the script that says it.</summary>
internal readonly record struct JsonSettings
{
    /// <summary>As they are before anybody says something.</summary>
    public static JsonSettings Initial => new()
    {
        SparseRatio = 2,
        SparseSafe = 10,
        EncodeDepth = 1000,
        DecodeDepth = 1000,
        Precision = 14,
        KeepsBuffer = true,
        DecodesInvalidNumbers = 1,
    };

    /// <summary>An array with few elements is written as an object, instead of refused.</summary>
    public bool ConvertsSparse { get; init; }

    /// <summary>Elements that it may lack for each that it has; 0 for any number.</summary>
    public int SparseRatio { get; init; }

    /// <summary>Arrays of no more elements are never sparse.</summary>
    public int SparseSafe { get; init; }

    /// <summary>Most tables within each other that are written.</summary>
    public int EncodeDepth { get; init; }

    /// <summary>Most arrays and objects within each other that are read.</summary>
    public int DecodeDepth { get; init; }

    /// <summary>Digits of numbers.</summary>
    public int Precision { get; init; }

    /// <summary>Told and remembered; has no effect here.</summary>
    public bool KeepsBuffer { get; init; }

    /// <summary>0 refuses what is no number, 1 writes it, 2 writes null.</summary>
    public int EncodesInvalidNumbers { get; init; }

    /// <summary>0 refuses numbers that are not JSON's, 1 reads them.</summary>
    public int DecodesInvalidNumbers { get; init; }
}
