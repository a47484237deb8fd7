namespace Starling.Node.Execution;

/// <summary>
/// What a master's stream wants of the scope in which one of its commands, or a transaction, is executed: all calls come
/// under the scope's stripes, so that a role change, which takes every stripe, falls before all or behind all. The server's
/// own commands have one too, which keeps them out of a load.
/// </summary>
internal interface IStreamGuard
{
    /// <summary>The answer to the last <see cref="Admit"/>.</summary>
    bool IsAdmitted { get; }

    /// <summary>
    /// Asked before the execution. False when the stream has been given up, or is held back by a pause: nothing is executed
    /// then.
    /// </summary>
    bool Admit();

    /// <summary>The execution is over: its bytes go to the log.</summary>
    void Append();
}
