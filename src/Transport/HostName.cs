using System.Net;
using System.Net.Sockets;
using Starling.Slots;

namespace Starling.Transport;

/// <summary>Names and addresses of hosts that users, configurations and other nodes give.</summary>
public static class HostName
{
    /// <summary>The longest name that the system resolves, in characters.</summary>
    public const int Longest = 255;

    /// <summary>
    /// The addresses that a name stands for, at least one; an address in figures stands for itself. Waits for the
    /// network, so not on an I/O thread and not with a lock held that one needs.
    /// </summary>
    /// <param name="host">Whatever somebody gave; need not be a name at all.</param>
    /// <exception cref="SocketException">There is no such host, whatever the reason.</exception>
    public static IPAddress[] Resolve(string host)
    {
        if (TryParse(host, out var address)) return [address];

        // The runtime takes an empty name for this machine, cuts a name at a zero byte and reads over brackets; the
        // system does nothing of that.
        if (host.Length is 0 or > Longest || host.AsSpan().ContainsAny("\0[]")) throw NotFound();
        LockOrder.AssertMayBlock("looking up a name");
        try
        {
            var addresses = Dns.GetHostAddresses(host);
            return addresses.Length > 0 ? addresses : throw NotFound();
        }
        catch (ArgumentException)
        {
            throw NotFound(); // "0.0.0.0" and the like, in a form that is not parsed above
        }
    }

    /// <summary>An address in figures; no name is looked up.</summary>
    public static bool TryParse(string host, out IPAddress address)
    {
        // Brackets and a port are no part of an address, though the runtime reads over them.
        address = IPAddress.None;
        if (host.StartsWith('[') || !IPAddress.TryParse(host, out var parsed)) return false;
        address = parsed;
        return true;
    }

    private static SocketException NotFound() => new((int)SocketError.HostNotFound);
}
