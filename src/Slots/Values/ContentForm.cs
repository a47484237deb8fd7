namespace Starling.Slots.Values;

/// <summary>
/// In which form the content of a value is written or read as a sequence of numbers and texts. A kind writes one form
/// and reads every form that any version of Redis wrote.
/// </summary>
public enum ContentForm : byte
{
    /// <summary>A string: one text.</summary>
    String,

    /// <summary>
    /// A list as its nodes: their number, then of each a number (1 for one large element as it is, 2 for a listpack)
    /// and the bytes.
    /// </summary>
    ListNodes,

    /// <summary>A list as its elements: their number, then each.</summary>
    ListElements,

    /// <summary>A list as one ziplist.</summary>
    ListZiplist,

    /// <summary>A list as ziplists: their number, then each.</summary>
    ListZiplists,

    /// <summary>A hash as its fields: their number, then each with its value.</summary>
    HashFields,

    /// <summary>A hash as one zipmap.</summary>
    HashZipmap,

    /// <summary>A hash as one ziplist of fields and values.</summary>
    HashZiplist,

    /// <summary>A hash as one listpack of fields and values.</summary>
    HashListpack,

    /// <summary>
    /// A hash of which fields expire: a time in milliseconds (8 bytes), the number of fields, then of each its expiry (0
    /// for none, else milliseconds from that time on, plus 1), itself and its value.
    /// </summary>
    HashExpiringFields,

    /// <summary>
    /// A hash of which fields expire: the earliest expiry (8 bytes), a listpack of fields, values and expiries.
    /// </summary>
    HashExpiringListpack,

    /// <summary>
    /// As <see cref="HashExpiringFields"/> without the time at the start, the expiries in milliseconds of Unix time.
    /// </summary>
    HashFieldsWithExpiries,

    /// <summary>As <see cref="HashExpiringListpack"/> without the time at the start.</summary>
    HashListpackWithExpiries,

    /// <summary>
    /// A sorted set as its elements: their number, then of each the member and the score as a text of its own (its length in
    /// one byte, or 253 for NaN, 254 and 255 for the infinities).
    /// </summary>
    SortedSetTexts,

    /// <summary>A sorted set as its elements: their number, then of each the member and the score, 8 raw bytes.</summary>
    SortedSetElements,

    /// <summary>A sorted set as one ziplist of members and scores in turn.</summary>
    SortedSetZiplist,

    /// <summary>A sorted set as one listpack of members and scores in turn.</summary>
    SortedSetListpack,

    /// <summary>A set as its members: their number, then each.</summary>
    SetMembers,

    /// <summary>A set as one intset in Redis's layout.</summary>
    SetIntset,

    /// <summary>A set as one listpack.</summary>
    SetListpack,

    /// <summary>
    /// A stream as its nodes (their number, then of each the binary id and the listpack), its length and last id, and its
    /// groups.
    /// </summary>
    StreamNodes,

    /// <summary>As <see cref="StreamNodes"/>, with what came with Redis 7.0: first id, deleted id, counters.</summary>
    StreamNodes2,

    /// <summary>As <see cref="StreamNodes2"/>, with what came with Redis 7.2: when consumers were active.</summary>
    StreamNodes3,
}
