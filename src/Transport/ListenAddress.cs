using System.Net;
using System.Net.Sockets;

namespace Starling.Transport;

/// <summary>One address of the <c>bind</c> directive.</summary>
/// <param name="Name">As it was given, without the sign that it may be missing.</param>
/// <param name="IsOptional">It began with '-': the machine may lack it.</param>
/// <param name="Address">What it stands for.</param>
public sealed record ListenAddress(string Name, bool IsOptional, IPAddress Address)
{
    /// <summary>
    /// Finds what a bind directive stands for, without listening on anything yet; the machine may lack an
    /// optional address, but not the name of one. Looks names up, so it may wait for the network.
    /// </summary>
    /// <param name="bind">The directive's value; empty for none.</param>
    /// <param name="addresses">The addresses, in order.</param>
    /// <param name="failed">The name that nobody knows.</param>
    public static bool TryResolve(string[] bind, out List<ListenAddress> addresses, out string failed)
    {
        addresses = [];
        failed = "";
        foreach (var text in bind)
        {
            var isOptional = text.StartsWith('-');
            var name = isOptional ? text[1..] : text;
            try
            {
                addresses.Add(new ListenAddress(name, isOptional, Find(name)));
            }
            catch (SocketException)
            {
                failed = name;
                return false;
            }
        }

        return true;
    }

    /// <summary>True when finding the addresses of a bind directive takes looking a name up.</summary>
    public static bool NeedsLookUp(IEnumerable<string> bind) =>
        bind.Select(text => text.StartsWith('-') ? text[1..] : text)
            .Any(name => name is not ("*" or "::*") && !HostName.TryParse(name, out _));

    private static IPAddress Find(string name) => name switch
    {
        "*" => IPAddress.Any,
        "::*" => IPAddress.IPv6Any,
        _ => HostName.Resolve(name)[0],
    };
}
