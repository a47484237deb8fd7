using System.Net.Sockets;

namespace Starling.Serving;

/// <summary>The words for errors of sockets.</summary>
internal static class SocketErrors
{
    /// <summary>What the C library says of an error.</summary>
    public static string Explain(SocketException error) => error.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse => "Address already in use",
        SocketError.AddressNotAvailable => "Cannot assign requested address",
        SocketError.TooManyOpenSockets => "Too many open files",
        SocketError.AccessDenied => "Permission denied",
        SocketError.AddressFamilyNotSupported => "Address family not supported by protocol",
        _ => error.Message,
    };
}
