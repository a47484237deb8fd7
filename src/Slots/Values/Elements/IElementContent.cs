namespace Starling.Slots.Values.Elements;

/// <summary>
/// How a kind of large collection writes its content for snapshots: a start, then every element once in any order. The
/// pieces together are the content in the form that <see cref="ValueOperations.WrittenForm"/> says.
/// </summary>
internal unsafe interface IElementContent
{
    /// <summary>The table of a value. It stays the same one as long as snapshots have views of the value.</summary>
    ElementTable* TableOf(in ValueRoot root);

    /// <summary>Who writes the content of a value for a view that begins now; by default this object.</summary>
    IElementContent ForView(in ValueRoot root) => this;

    /// <summary>Writes what comes before the elements, e.g. how many there are. Takes constant time.</summary>
    void WriteStart(in ValueRoot root, IContentWriter writer);

    /// <summary>Writes an element.</summary>
    void WriteElement(in Element element, IContentWriter writer);
}
