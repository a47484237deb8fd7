namespace Starling.Node.Execution;

/// <summary>
/// What a master's stream wants of the scope in which one of its commands, or a transaction, is executed: both calls come
/// under the scope's stripes, so that a role change, which takes every stripe, falls before both or behind both.
/// </summary>
internal interface IStreamGuard
{
    /// <summary>False when the stream has been given up: nothing is executed then.</summary>
    bool IsCurrent { get; }

    /// <summary>The execution is over: its bytes go to the log.</summary>
    void Append();
}
