using Starling.Node.Serving;

namespace Starling.Node.Commands;

/// <summary>The commands of a node.</summary>
public static class ServerCommands
{
    /// <summary>The rows of every family.</summary>
    public static IReadOnlyList<Command> Rows =>
    [
        .. AclCommands.Rows,
        .. Bitfields.Rows,
        .. Bitmaps.Rows,
        .. Connection.Rows,
        .. Clients.Rows,
        .. CommandIntrospection.Rows,
        .. Transactions.Rows,
        .. ClusterCommands.Rows,
        .. Configuration.Rows,
        .. Databases.Rows,
        .. DebugCommands.Rows,
        .. ConditionalStrings.Rows,
        .. DumpRestore.Rows,
        .. Expiration.Rows,
        .. FieldExpiration.Rows,
        .. FieldsWithExpiry.Rows,
        .. Geo.Rows,
        .. GeoSearches.Rows,
        .. Hashes.Rows,
        .. HashSampling.Rows,
        .. HyperLogLogDebug.Rows,
        .. HyperLogLogs.Rows,
        .. Increments.Rows,
        .. Keys.Rows,
        .. Latencies.Rows,
        .. Lcs.Rows,
        .. ListBlocking.Rows,
        .. ListMoves.Rows,
        .. ListSearch.Rows,
        .. Lists.Rows,
        .. MemoryCommands.Rows,
        .. Migrate.Rows,
        .. Monitoring.Rows,
        .. Modules.Rows,
        .. ObjectCommands.Rows,
        .. Publishing.Rows,
        .. RandomMembers.Rows,
        .. Replication.Rows,
        .. Saving.Rows,
        .. Scanning.Rows,
        .. Scripts.Rows,
        .. Functions.Rows,
        .. ServerInfo.Rows,
        .. SetAlgebra.Rows,
        .. Sets.Rows,
        .. SlowLogs.Rows,
        .. SortedSetAlgebra.Rows,
        .. SortedSetPops.Rows,
        .. SortedSetRanges.Rows,
        .. SortedSets.Rows,
        .. SortedSetSampling.Rows,
        .. Sorting.Rows,
        .. StreamClaims.Rows,
        .. StreamGroupCommands.Rows,
        .. StreamGroupReading.Rows,
        .. StreamInfo.Rows,
        .. StreamPendingCommands.Rows,
        .. StreamRanges.Rows,
        .. StreamReading.Rows,
        .. StreamReferences.Rows,
        .. Streams.Rows,
        .. StringRanges.Rows,
        .. Strings.Rows,
        .. Subscribing.Rows,
    ];

    /// <summary>Makes the table of these commands and some more.</summary>
    public static CommandTable Table(IReadOnlyList<Command>? more = null) => new([.. Rows, .. more ?? []], ContainerHelp.RowFor);
}
