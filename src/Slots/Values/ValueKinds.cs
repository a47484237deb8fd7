using Starling.Slots.Values.Hashes;
using Starling.Slots.Values.Sets;
using Starling.Slots.Values.SortedSets;
using Starling.Slots.Values.Streams;

namespace Starling.Slots.Values;

/// <summary>The table of kinds: the only place that lists them.</summary>
public static class ValueKinds
{
    private static readonly ValueOperations[] All =
    [
        new StringOperations(),
        new ListOperations(),
        new HashOperations(),
        new SetOperations(),
        new SortedSetOperations(),
        new StreamOperations(),
    ];

    private static readonly ValueOperations?[] ByKind = IndexByKind();

    private static readonly ValueOperations[] ByForm = IndexByForm();

    /// <summary>The operations of a kind.</summary>
    internal static ValueOperations Of(ValueKind kind) => ByKind[(int)kind]!;

    /// <summary>The operations of the kind that reads a form.</summary>
    internal static ValueOperations Of(ContentForm form) => ByForm[(int)form];

    /// <summary>
    /// Reads content without making a value of it; false when the reader could not give all pieces.
    /// </summary>
    public static bool TrySkip(ContentForm form, IContentReader reader) => Of(form).TrySkip(form, reader);

    private static ValueOperations?[] IndexByKind()
    {
        var index = new ValueOperations?[16];
        foreach (var operations in All)
        {
            Invariant.That(index[(int)operations.Kind] == null);
            index[(int)operations.Kind] = operations;
        }

        return index;
    }

    private static ValueOperations[] IndexByForm()
    {
        var index = new ValueOperations[Enum.GetValues<ContentForm>().Length];
        foreach (var operations in All)
        {
            foreach (var form in operations.Forms)
            {
                Invariant.That(index[(int)form] == null);
                index[(int)form] = operations;
            }
        }

        return index;
    }
}
