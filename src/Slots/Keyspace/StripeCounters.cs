using System.Runtime.InteropServices;

namespace Starling.Slots.Keyspace;

/// <summary>
/// What one stripe of a database counts, on a cache line of its own: written under the stripe's lock, read without.
/// </summary>
[StructLayout(LayoutKind.Sequential, Size = 64)]
internal struct StripeCounters
{
    /// <summary>Number of keys.</summary>
    public long Keys;

    /// <summary>Number of keys with an expiry.</summary>
    public long Expiring;
}
