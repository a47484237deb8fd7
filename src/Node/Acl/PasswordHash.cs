using System.Security.Cryptography;

namespace Starling.Node.Acl;

/// <summary>SHA-256 of passwords, as lower-case hexadecimal digits.</summary>
internal static class PasswordHash
{
    /// <summary>Number of digits.</summary>
    public const int Length = 2 * SHA256.HashSizeInBytes;

    // What is compared when there is no password to compare with, so that it takes as long.
    private static readonly string[] None = [new('0', Length)];

    /// <summary>The hash of a password.</summary>
    public static string Of(ReadOnlySpan<byte> password)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(password, hash);
        return Convert.ToHexStringLower(hash);
    }

    /// <summary>True when a password is one of some; in a time that does not depend on how much of it is right.</summary>
    public static bool IsAmong(ReadOnlySpan<byte> password, string[] hashes)
    {
        var given = RuleText.Bytes(Of(password));
        var isFound = false;
        foreach (var hash in hashes.Length == 0 ? None : hashes)
            isFound |= CryptographicOperations.FixedTimeEquals(given, RuleText.Bytes(hash));
        return isFound && hashes.Length > 0;
    }
}
