namespace Starling.Slots.Values.Elements;

/// <summary>Gets elements from <see cref="ElementTable.Scan"/>.</summary>
internal interface IElementReceiver
{
    /// <summary>Gets one element; it is valid during the call only, which must not change the table.</summary>
    void Receive(in Element element);
}
