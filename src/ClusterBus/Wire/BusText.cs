using System.Text;

namespace Starling.ClusterBus.Wire;

/// <summary>
/// The text fields of the bus: zero-terminated ASCII. What goes into nodes.conf must not be able to break its lines.
/// </summary>
internal static class BusText
{
    private const string NotInNames = "!#$%&()*+:;<>?@[]^{|}~,='\"\\";

    /// <summary>
    /// Reads an IP address, with its zone where it has one, or a host name announced as one. Empty when there is none,
    /// or bytes that neither has.
    /// </summary>
    public static string ReadIp(ReadOnlySpan<byte> field) =>
        TryRead(field[..Math.Min(field.Length, BusProtocol.IpLength - 1)], IsAddressCharacter, out var ip) ? ip : "";

    /// <summary>Reads a hostname: letters, digits, hyphens, dots.</summary>
    public static bool TryReadHostname(ReadOnlySpan<byte> field, out string hostname) =>
        TryRead(field, IsHostnameCharacter, out hostname) && hostname.Length < 256;

    /// <summary>Reads a human node name.</summary>
    public static bool TryReadHumanName(ReadOnlySpan<byte> field, out string name) =>
        TryRead(field, IsNameCharacter, out name);

    public static bool IsAddressCharacter(char c) =>
        char.IsAsciiLetterOrDigit(c) || c is '.' or ':' or '-' or '_' or '%';

    public static bool IsHostnameCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c is '.' or '-';

    public static bool IsNameCharacter(char c) =>
        c is > ' ' and < (char)127 && !NotInNames.Contains(c, StringComparison.Ordinal);

    /// <summary>
    /// Writes text and zero bytes to the end of the field; what does not fit beside one zero byte is cut.
    /// </summary>
    public static void Write(Span<byte> field, string text)
    {
        field.Clear();
        Encoding.ASCII.GetBytes(text.AsSpan(0, Math.Min(text.Length, field.Length - 1)), field);
    }

    private static bool TryRead(ReadOnlySpan<byte> field, Func<char, bool> isAllowed, out string text)
    {
        var end = field.IndexOf((byte)0);
        if (end >= 0) field = field[..end];
        foreach (var b in field)
        {
            if (isAllowed((char)b)) continue;
            text = "";
            return false;
        }

        text = Encoding.ASCII.GetString(field);
        return true;
    }
}
