namespace Starling.Slots.Keyspace;

/// <summary>Passes entries with an expiry on, and remembers the earliest one.</summary>
/// <typeparam name="TVisitor">Who gets them.</typeparam>
internal ref struct ExpiringVisitor<TVisitor> : IEntryVisitor
    where TVisitor : IEntryVisitor
{
    private readonly ref TVisitor _visitor;

    public ExpiringVisitor(ref TVisitor visitor, long minimum)
    {
        _visitor = ref visitor;
        Minimum = minimum;
    }

    public long Minimum { get; private set; }

    public void Visit(in Entry entry)
    {
        Minimum = Math.Min(Minimum, entry.ExpiresAt);
        _visitor.Visit(entry);
    }
}
