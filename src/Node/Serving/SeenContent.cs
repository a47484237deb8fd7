namespace Starling.Node.Serving;

/// <summary>A client watches keys that were there in a database whose content had been replaced so many times.</summary>
/// <param name="Database">The database.</param>
/// <param name="Contents"><see cref="WatchedDatabase.Contents"/> at the first such WATCH.</param>
internal sealed record SeenContent(WatchedDatabase Database, long Contents)
{
    /// <summary>The keys that were there are not there any more. Any thread.</summary>
    public bool HasGone => Database.Contents != Contents;
}
