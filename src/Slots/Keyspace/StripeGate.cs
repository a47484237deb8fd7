namespace Starling.Slots.Keyspace;

/// <summary>The monitor in which those sleep who wait for one <see cref="StripeLock"/>.</summary>
internal sealed class StripeGate
{
    private const int LongWait = 50; // milliseconds

    /// <summary>What who sleeps does every <see cref="Patience"/>, outside of the monitor; null for nothing.</summary>
    public Action? OnLongWait { get; set; }

    /// <summary>Milliseconds that one sleeps before there is something else to do; -1 for ever.</summary>
    public int Patience => OnLongWait is null ? Timeout.Infinite : LongWait;
}
