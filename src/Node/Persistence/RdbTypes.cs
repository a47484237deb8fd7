using Starling.Slots.Values;

namespace Starling.Node.Persistence;

/// <summary>
/// The one table of the type bytes of RDB files and DUMP payloads: which form of content each stands for. Every
/// version's bytes for one kind are read; one of them is written.
/// </summary>
internal static class RdbTypes
{
    private static readonly (byte Type, ContentForm Form)[] Known =
    [
        (0, ContentForm.String),
        (1, ContentForm.ListElements),
        (2, ContentForm.SetMembers),
        (3, ContentForm.SortedSetTexts),
        (5, ContentForm.SortedSetElements),
        (10, ContentForm.ListZiplist),
        (11, ContentForm.SetIntset),
        (12, ContentForm.SortedSetZiplist),
        (14, ContentForm.ListZiplists),
        (15, ContentForm.StreamNodes),
        (17, ContentForm.SortedSetListpack),
        (18, ContentForm.ListNodes),
        (4, ContentForm.HashFields),
        (9, ContentForm.HashZipmap),
        (13, ContentForm.HashZiplist),
        (16, ContentForm.HashListpack),
        (22, ContentForm.HashFieldsWithExpiries),
        (23, ContentForm.HashListpackWithExpiries),
        (24, ContentForm.HashExpiringFields),
        (25, ContentForm.HashExpiringListpack),
        (19, ContentForm.StreamNodes2),
        (20, ContentForm.SetListpack),
        (21, ContentForm.StreamNodes3),
    ];

    private const byte LastTypeOfWrittenVersion = 21;

    private static readonly ContentForm?[] Forms = IndexByType();

    private static readonly byte[] Types = IndexByForm();

    /// <summary>The type byte of a form.</summary>
    public static byte Of(ContentForm form) => Types[(int)form];

    /// <summary>The form that a type byte stands for; false when this server has no such values.</summary>
    public static bool TryForm(byte type, out ContentForm form)
    {
        form = Forms[type].GetValueOrDefault();
        return Forms[type].HasValue;
    }

    /// <summary>
    /// What kind of value a type byte stands for that <see cref="TryForm"/> does not know; null when no version of
    /// Redis has it.
    /// </summary>
    public static string? NameOfUnsupported(byte type) => type switch
    {
        6 or 7 => "module value",
        _ => null,
    };

    /// <summary>The version of the format that a reader must know for a form.</summary>
    public static int VersionOf(ContentForm form) => Of(form) switch
    {
        > LastTypeOfWrittenVersion => RdbFormat.FieldExpiryVersion,
        _ => RdbFormat.WrittenVersion,
    };

    /// <summary>
    /// The version that a reader of all databases must know: hashes whose fields expire have forms of their own. Needs
    /// every stripe.
    /// </summary>
    public static int VersionFor(Slots.Keyspace.Keyspace keyspace)
    {
        for (var i = 0; i < keyspace.DatabaseCount; i++)
            if (keyspace[i].NextSlotWithElementExpiry(0) >= 0) return RdbFormat.FieldExpiryVersion;
        return RdbFormat.WrittenVersion;
    }

    private static ContentForm?[] IndexByType()
    {
        var index = new ContentForm?[256];
        foreach (var (type, form) in Known) index[type] = form;
        return index;
    }

    private static byte[] IndexByForm()
    {
        var index = new byte[Enum.GetValues<ContentForm>().Length];
        foreach (var (type, form) in Known) index[(int)form] = type;
        return index;
    }
}
