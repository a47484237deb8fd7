namespace Starling.Slots.Keyspace;

/// <summary>Gets entries from a scan.</summary>
public interface IEntryVisitor
{
    /// <summary>Visits one entry; it is valid during the call only.</summary>
    void Visit(in Entry entry);
}
