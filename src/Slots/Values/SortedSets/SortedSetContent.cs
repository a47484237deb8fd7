using System.Buffers.Binary;
using Starling.Slots.Values.Elements;

namespace Starling.Slots.Values.SortedSets;

/// <summary>The content of a large sorted set: the number of elements, then of each the member and 8 bytes of score.
/// </summary>
internal sealed unsafe class SortedSetContent : IElementContent
{
    /// <summary>Bytes of a score.</summary>
    public const int ScoreBytes = sizeof(double);

    /// <inheritdoc/>
    public ElementTable* TableOf(in ValueRoot root) => LargeSortedSet.MembersOf(root);

    /// <inheritdoc/>
    public void WriteStart(in ValueRoot root, IContentWriter writer) => writer.Number((ulong)SortedSetRoot.Count(root));

    /// <inheritdoc/>
    public void WriteElement(in Element element, IContentWriter writer) => Write(element.Name, element.Score, writer);

    /// <summary>Writes an element.</summary>
    public static void Write(ReadOnlySpan<byte> member, double score, IContentWriter writer)
    {
        writer.Text(member);
        Span<byte> bytes = stackalloc byte[ScoreBytes];
        BinaryPrimitives.WriteDoubleLittleEndian(bytes, score);
        writer.Raw(bytes);
    }
}
