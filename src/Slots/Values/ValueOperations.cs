using Starling.Slots.Keyspace;
using Starling.Slots.Memory;

namespace Starling.Slots.Values;

/// <summary>
/// A kind of value: everything that is done to values without knowing what they are. One instance per kind, in
/// <see cref="ValueKinds"/>; who is outside of this folder asks for an operation and never for the kind.
/// </summary>
internal abstract unsafe class ValueOperations
{
    /// <summary>The kind.</summary>
    public abstract ValueKind Kind { get; }

    /// <summary>Its name in the reply of TYPE.</summary>
    public abstract ReadOnlySpan<byte> Name { get; }

    /// <summary>The forms that it reads; no other kind reads them.</summary>
    public abstract ReadOnlySpan<ContentForm> Forms { get; }

    /// <summary>
    /// The form that <see cref="Write"/> uses for a value, and a view of it that begins now
    /// (<see cref="Freeze"/>).
    /// </summary>
    public abstract ContentForm WrittenForm(scoped in ValueView value);

    /// <summary>Frees every block of a value; the root is dead afterwards.</summary>
    public abstract void Free(in ValueMemory memory, ref ValueRoot root);

    /// <summary>
    /// The pages of a value: pieces of some KiB that are saved for snapshots, and freed, one at a time. A value of one
    /// page is saved and freed as a whole.
    /// </summary>
    public virtual long Pages(in ValueRoot root) => 1;

    /// <summary>
    /// Has snapshots see a value of more than one page as it is now, whatever is done to it from then on. Takes constant
    /// time.
    /// </summary>
    /// <param name="tables">The tables that the value's key is in.</param>
    /// <param name="slot">The slot of the key.</param>
    /// <param name="root">The value.</param>
    public virtual FrozenValue Freeze(TableSet tables, int slot, in ValueRoot root) =>
        throw new InvalidOperationException("values of this kind have one page");

    /// <summary>Frees some pages of a value that no key has; the root is what is left.</summary>
    /// <param name="memory">Where the value's blocks came from.</param>
    /// <param name="root">The value.</param>
    /// <param name="pages">How many pages to free, about.</param>
    /// <returns>False when nothing is left.</returns>
    public virtual bool FreeSome(in ValueMemory memory, ref ValueRoot root, int pages)
    {
        Free(memory, ref root);
        return false;
    }

    /// <summary>Makes a value like another one, perhaps in another heap, with no block in common.</summary>
    public abstract ValueRoot Duplicate(in ValueMemory memory, in ValueRoot root);

    /// <summary>
    /// Moves the value's blocks that lie badly (<see cref="BlockMover.TryMove"/> says which), until the mover is tired:
    /// it is asked again then, and finds the ones that were moved lying well. It is not asked while snapshots have views
    /// of the value. A kind that does not know how leaves its blocks where they are.
    /// </summary>
    public virtual void Relocate(ref BlockMover mover, ref ValueRoot root)
    {
    }

    /// <summary>Native bytes of the blocks of a value, rounding included; the entry with the root is not.</summary>
    public abstract long AllocatedBytes(in ValueRoot root);

    /// <summary>
    /// A lower bound of the expiries of the value's elements, as <see cref="TableNode.SecondOf"/> has them; 0 when none
    /// expires.
    /// </summary>
    public virtual uint EarliestElementSecond(in ValueRoot root) => 0;

    /// <summary>The bytes by which a value with a root can lie in its entry instead; empty when it cannot.</summary>
    public virtual ReadOnlySpan<byte> InlineOf(in ValueRoot root) => default;

    /// <summary>The name of the value's encoding in the reply of OBJECT ENCODING.</summary>
    public abstract ReadOnlySpan<byte> EncodingName(scoped in ValueView value);

    /// <summary>
    /// What OBJECT REFCOUNT answers: 1, but for values that Redis would share among keys.
    /// </summary>
    public virtual int ReferenceCount(scoped in ValueView value) => 1;

    /// <summary>What DEBUG OBJECT says of a value beyond what it says of every one; starts with a space.</summary>
    public virtual string Describe(scoped in ValueView value) => "";

    /// <summary>Values of this kind have elements, each of them a text or a number: they can be sorted.</summary>
    public virtual bool HasElements => false;

    /// <summary>The elements have an order that is part of the value; otherwise any order is as good.</summary>
    public virtual bool AreElementsOrdered => true;

    /// <summary>How many elements a value has, of a kind that has some.</summary>
    public virtual long CountElements(scoped in ValueView value) => throw NoElements();

    /// <summary>Visits elements of a value, of a kind that has some.</summary>
    /// <param name="value">The value.</param>
    /// <param name="index">The first element that is visited.</param>
    /// <param name="count">How many, at least one; they are all there.</param>
    /// <param name="backward">Goes towards the first element.</param>
    /// <param name="visitor">Gets them.</param>
    public virtual void VisitElements(
        scoped in ValueView value, long index, long count, bool backward, IElementVisitor visitor) => throw NoElements();

    /// <summary>Digests the content, in an order that is the same for equal values.</summary>
    public abstract void Digest(scoped in ValueView value, IContentDigest digest);

    /// <summary>Writes the content.</summary>
    public abstract void Write(scoped in ValueView value, IContentWriter writer);

    /// <summary>
    /// Makes a value of content. Whatever the content, it makes a sound value or none, and it takes memory for what was
    /// really read only.
    /// </summary>
    /// <param name="memory">Where the value's blocks come from.</param>
    /// <param name="form">One of <see cref="Forms"/>.</param>
    /// <param name="reader">The content.</param>
    /// <param name="options">Decide the encoding.</param>
    /// <param name="value">The value; the default when there is none.</param>
    public abstract ContentOutcome Read(
        scoped in ValueMemory memory,
        ContentForm form,
        IContentReader reader,
        ValueOptions options,
        out LoadedValue value);

    /// <summary>Reads content without making a value of it; false when the reader could not give all pieces.</summary>
    public abstract bool TrySkip(ContentForm form, IContentReader reader);

    private static InvalidOperationException NoElements() => new("values of this kind have no elements");
}
