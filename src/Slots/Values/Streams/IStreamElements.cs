namespace Starling.Slots.Values.Streams;

/// <summary>The fields and values of an entry that is to be added: field, value, field, value ...</summary>
public interface IStreamElements
{
    /// <summary>Number of fields and values.</summary>
    int Count { get; }

    /// <summary>One of them.</summary>
    ReadOnlySpan<byte> this[int index] { get; }
}
