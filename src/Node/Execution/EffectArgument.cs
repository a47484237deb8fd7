namespace Starling.Node.Execution;

/// <summary>One argument of an effect: bytes, or a number that is written as decimal digits.</summary>
public readonly ref struct EffectArgument
{
    private EffectArgument(ReadOnlySpan<byte> bytes) => Bytes = bytes;

    private EffectArgument(long number)
    {
        Number = number;
        IsNumber = true;
    }

    /// <summary>The bytes, when it is no number.</summary>
    internal ReadOnlySpan<byte> Bytes { get; }

    /// <summary>The number.</summary>
    internal long Number { get; }

    /// <summary>It is a number.</summary>
    internal bool IsNumber { get; }

    /// <summary>Bytes as they are.</summary>
    public static implicit operator EffectArgument(ReadOnlySpan<byte> bytes) => new(bytes);

    /// <summary>Bytes as they are.</summary>
    public static implicit operator EffectArgument(byte[] bytes) => new(bytes);

    /// <summary>A number as decimal digits.</summary>
    public static implicit operator EffectArgument(long number) => new(number);
}
