namespace Starling.Node.Serving;

/// <summary>The connected clients. Any thread.</summary>
public sealed class ClientRegistry
{
    /// <summary>
    /// Holds back the writes of clients (the commands that CLIENT PAUSE WRITE holds back), for a manual failover. Pauses with different reasons
    /// overlap; the longest counts.
    /// </summary>
    /// <param name="reason">Who pauses; a later call with the same reason replaces the former.</param>
    /// <param name="until">Milliseconds of Unix time at which it ends by itself.</param>
    public void PauseWrites(string reason, long until) => throw new NotSupportedException($"{reason} {until}");

    /// <summary>Ends a pause before its time.</summary>
    public void Unpause(string reason) => throw new NotSupportedException(reason);
}
