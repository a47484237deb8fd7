namespace Starling.Slots.Values;

/// <summary>
/// In which form the content of a value is written or read as a sequence of numbers and texts. A kind writes one form
/// and reads every form that any version of Redis wrote.
/// </summary>
public enum ContentForm : byte
{
    /// <summary>A string: one text.</summary>
    String,
}
