namespace Starling.Serving;

/// <summary>What INFO commandstats says about a command.</summary>
public struct CommandCounters
{
    /// <summary>Executions.</summary>
    public long Calls;

    /// <summary>
    /// Time from the command before to the end of the handler, in ticks of <see cref="System.Diagnostics.Stopwatch"/>.
    /// </summary>
    public long Ticks;

    /// <summary>Calls refused by the gate.</summary>
    public long Rejected;

    /// <summary>Executions that replied with an error.</summary>
    public long Failed;
}
