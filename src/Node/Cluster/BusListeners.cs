using System.Net;
using System.Net.Sockets;
using Starling.ClusterBus.Host;
using Starling.ClusterBus.Wire;
using Starling.Node.Config;

namespace Starling.Node.Cluster;

/// <summary>
/// The listening sockets of the bus: on the addresses of <c>bind</c>, port cluster-port or port + 10000.
/// </summary>
internal static class BusListeners
{
    /// <summary>The port of the bus.</summary>
    public static int PortOf(ServerConfig config) =>
        config.ClusterPort != 0 ? config.ClusterPort : config.Port + BusProtocol.PortOffset;

    /// <summary>Opens them. An address that starts with '-' may be missing, but at least one has to be there.</summary>
    /// <exception cref="ClusterStartException">An address cannot be listened on.</exception>
    public static List<Listener> Open(ServerConfig config)
    {
        if (config.Bind.Length == 0)
            throw new ClusterStartException("No bind address is configured, but it is required for the Cluster bus.");

        var port = PortOf(config);
        var listeners = new List<Listener>();
        try
        {
            foreach (var directive in config.Bind)
            {
                var isOptional = directive.StartsWith('-');
                var text = isOptional ? directive[1..] : directive;
                foreach (var address in Resolve(text))
                {
                    try
                    {
                        listeners.Add(Listener.Bind(new IPEndPoint(address, port), config.TcpBacklog, waits: false));
                    }
                    catch (SocketException e) when (isOptional && IsMissing(e.SocketErrorCode))
                    {
                        // Allowed to be missing.
                    }
                    catch (SocketException e)
                    {
                        throw new ClusterStartException(
                            $"Could not create server TCP listening socket {text}:{port}: {Describe(e)}. "
                            + $"Failed listening on port {port} (cluster), aborting.",
                            e);
                    }
                }
            }
        }
        catch
        {
            foreach (var listener in listeners) listener.Dispose();
            throw;
        }

        if (listeners.Count == 0)
            throw new ClusterStartException($"Failed listening on port {port} (cluster), aborting.");
        return listeners;
    }

    private static IPAddress[] Resolve(string text)
    {
        if (text == "*") return [IPAddress.Any];
        if (text == "::*") return [IPAddress.IPv6Any];
        try
        {
            return HostName.Resolve(text);
        }
        catch (SocketException e)
        {
            throw new ClusterStartException($"Could not create server TCP listening socket {text}: {SystemErrors.Explain(e)}", e);
        }
    }

    private static bool IsMissing(SocketError error) =>
        error is SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported
            or SocketError.ProtocolNotSupported or SocketError.ProtocolFamilyNotSupported;

    private static string Describe(SocketException e) => "bind: " + SystemErrors.Explain(e);
}
