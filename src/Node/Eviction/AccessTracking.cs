using Starling.Node.Config;
using Starling.Slots.Keyspace;

namespace Starling.Node.Eviction;

/// <summary>
/// What the 24 bits of a key's access clock mean: seconds of the last access, or, under a policy of frequencies, the minutes
/// at which the frequency was last looked at (16 bits) and the frequency (8 bits), which grows ever more rarely with accesses
/// and falls with time. What keys had before another policy came means something else afterwards, as in Redis.
/// </summary>
internal sealed class AccessTracking
{
    private const uint Mask = 0xFFFFFF;
    private const uint MinutesMask = 0xFFFF;
    private const int FrequencyBits = 8;
    private const uint LargestFrequency = (1 << FrequencyBits) - 1;
    private const uint FrequencyOfNew = 5; // so that a new key is not the first to go

    private readonly ServerConfig _config;
    private volatile bool _countsFrequency;

    /// <summary>Follows maxmemory-policy.</summary>
    public AccessTracking(ServerConfig config)
    {
        _config = config;
        config.OnChange("maxmemory-policy", Choose);
        Choose();
    }

    /// <summary>Frequencies are counted; otherwise times of access are kept.</summary>
    public bool CountsFrequency => _countsFrequency;

    /// <summary>The access clock of times.</summary>
    public static uint Seconds(long now) => (uint)(now / 1000) & Mask;

    /// <summary>Seconds since the last access, by an access clock of times.</summary>
    public static uint IdleSeconds(uint clock, long now) => (Seconds(now) - clock) & Mask;

    /// <summary>
    /// The access clock of a key that is made now; where frequencies are counted it is only for a key that replaces none
    /// (<see cref="Entry.KeepsClock"/>).
    /// </summary>
    public uint ClockOfNew(long now) =>
        _countsFrequency ? Combine(now, FrequencyOfNew) | Entry.KeepsClock : Seconds(now);

    /// <summary>The access clock of a key that comes from elsewhere.</summary>
    /// <param name="idleSeconds">Seconds since its last access; negative when they are not known.</param>
    /// <param name="frequency">Its frequency, 0 to 255; negative when it is not known.</param>
    /// <param name="now">Milliseconds of Unix time.</param>
    public uint ClockOf(long idleSeconds, long frequency, long now)
    {
        if (_countsFrequency) return Combine(now, frequency < 0 ? FrequencyOfNew : (uint)frequency);
        return Seconds(now - (1000 * Math.Clamp(idleSeconds, 0, now / 1000)));
    }

    /// <summary>The access clock of a key that is accessed now, where frequencies are counted.</summary>
    /// <param name="clock">Its access clock before.</param>
    /// <param name="now">Milliseconds of Unix time.</param>
    /// <param name="random">A random number.</param>
    public uint Touched(uint clock, long now, ulong random)
    {
        var frequency = Frequency(clock, now);
        var steps = Math.Max(0.0, (double)frequency - FrequencyOfNew) * _config.LfuLogFactor;
        if (frequency < LargestFrequency && (random >> 11) * (1.0 / (1UL << 53)) < 1 / (steps + 1)) frequency++;
        return Combine(now, frequency);
    }

    /// <summary>The frequency of a key as it is now, 0 to 255, where frequencies are counted.</summary>
    public uint Frequency(uint clock, long now)
    {
        var frequency = clock & LargestFrequency;
        var decay = (uint)_config.LfuDecayTime;
        if (decay == 0) return frequency;
        var periods = ((Minutes(now) - (clock >> FrequencyBits)) & MinutesMask) / decay;
        return periods > frequency ? 0 : frequency - periods;
    }

    private static uint Minutes(long now) => (uint)(now / 60_000) & MinutesMask;

    private static uint Combine(long now, uint frequency) => (Minutes(now) << FrequencyBits) | frequency;

    private void Choose() =>
        _countsFrequency = EvictionPolicy.Parse(_config.MaxMemoryPolicy).Order == EvictionOrder.LeastFrequentlyUsed;
}
