namespace Starling.Serving;

/// <summary>
/// The host's half of a client: executes what the connection has read. Everything but <see cref="Describe"/> and
/// <see cref="IsWaiting"/> on the connection's thread.
/// </summary>
public interface IServedClient
{
    /// <summary>What is known of the client.</summary>
    ClientSession Session { get; }

    /// <summary>
    /// The command that runs, or has failed, and may have changed what others must hear of and do not know yet; null when
    /// there is none.
    /// </summary>
    CommandRow? UnfinishedChange { get; }

    /// <summary>Bytes of the arguments of the command that runs.</summary>
    long ArgumentBytes { get; }

    /// <summary>Bytes that the client has sent and that were put off until it asks for them (MULTI).</summary>
    long QueuedBytes { get; }

    /// <summary>A batch of the client runs.</summary>
    bool IsRunning { get; }

    /// <summary>A command of the client waits for something to happen, and will be dispatched again then. Any thread.</summary>
    bool IsWaiting { get; }

    /// <summary>What it waits for has happened, or its wait has ended.</summary>
    bool IsWoken { get; }

    /// <summary>
    /// Executes the commands of a batch, in order, each with its reply: as long as <see cref="ClientConnection.MayGoOn"/> says so
    /// and every outcome is <see cref="DispatchOutcome.Done"/>. Otherwise it stops there and says so in the batch.
    /// </summary>
    /// <returns>What became of the last command that it dealt with.</returns>
    DispatchOutcome Run(CommandBatch batch);

    /// <summary>The turn is over: no more batches come for now, and the replies will leave.</summary>
    /// <returns>
    /// The offset of the log that covers what the client has written so far; where <see cref="CommitGate.IsOn"/>, the replies
    /// wait for it when it is another one than before.
    /// </returns>
    long EndTurn();

    /// <summary>What the last command has waited for (<see cref="Suspension"/>) has ended, and the reply is written, if it is wanted.</summary>
    void EndSuspended();

    /// <summary>The client's line in CLIENT LIST and the log. Any thread.</summary>
    string Describe();

    /// <summary>The client is gone. Once.</summary>
    void Leave();
}
