namespace Starling.Bench.SideBySide;

/// <summary>What a run compares and how long it takes.</summary>
internal sealed record ComparisonOptions
{
    /// <summary>The rows of the table.</summary>
    public required IReadOnlyList<CommandLoad> Loads { get; init; }

    /// <summary>Operations in flight per connection, one table each.</summary>
    public required IReadOnlyList<int> Pipelines { get; init; }

    /// <summary>Turns of each row that count.</summary>
    public required int Rounds { get; init; }

    /// <summary>Keys the servers hold.</summary>
    public required KeyRange Range { get; init; }

    /// <summary>Seconds that a turn takes on redis-server.</summary>
    public required double TurnSeconds { get; init; }

    /// <summary>Whether Garnet is measured too.</summary>
    public required bool Garnet { get; init; }

    /// <summary>Whether each server has a replica of its own kind.</summary>
    public required bool Replica { get; init; }
}
