using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Starling.Node.Config;

/// <summary>
/// What a line <c>user default ...</c> of a configuration file asks for. redis-server writes one into every file that it
/// rewrites, so it is accepted when it says what this server does: the one user may do everything, with the password
/// that requirepass names or without one.
/// </summary>
internal sealed class DefaultUser
{
    private const string Name = "default";
    private const int HashLength = 64;
    private const string Restricted =
        "'user default' asks for less than everything: access control lists have no effect yet, "
        + "so the server does not start with them";

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    private readonly HashSet<string> _hashes = new(StringComparer.Ordinal);
    private string? _plain;
    private bool _isOn;
    private bool _hasNoPassword;
    private bool _hasKeys;
    private bool _hasCommands;
    private bool _hasChannels;
    private bool _limitsChannels;

    private DefaultUser()
    {
    }

    /// <summary>True for the arguments of a line about the default user.</summary>
    public static bool IsMeant(IReadOnlyList<string> arguments) =>
        arguments.Count > 0 && string.Equals(arguments[0], Name, StringComparison.Ordinal);

    /// <summary>Reads the rules of a line, applied in their order to a user who may do nothing.</summary>
    /// <param name="arguments">The arguments, the user's name first.</param>
    /// <param name="reason">Why the rules are not accepted; null when they are.</param>
    public static DefaultUser Read(IReadOnlyList<string> arguments, out string? reason)
    {
        var user = new DefaultUser();
        reason = null;
        foreach (var rule in arguments.Skip(1))
        {
            if (user.TryApply(rule)) continue;
            reason = $"'user default' has the rule '{(rule.StartsWith('>') ? ">..." : rule)}': "
                + "access control lists have no effect yet, so the server does not start with it";
            break;
        }

        return user;
    }

    /// <summary>
    /// Holds the line against the rest of the configuration; a password that only this line names becomes requirepass.
    /// </summary>
    /// <returns>Why the two do not agree; null when they do.</returns>
    public string? Reconcile(ServerConfig config)
    {
        var mayUseChannels = _hasChannels || !_limitsChannels;
        if (!_isOn || !_hasKeys || !_hasCommands || !mayUseChannels) return Restricted;
        if (_hasNoPassword)
        {
            return string.IsNullOrEmpty(config.RequirePass)
                ? null
                : "'user default' says nopass, but requirepass is set: which of them counts is not clear";
        }

        if (_hashes.Count != 1)
        {
            var passwords = _hashes.Count == 0 ? "no password" : "several passwords";
            return $"'user default' has {passwords}, which is not supported yet";
        }

        if (string.IsNullOrEmpty(config.RequirePass)) config.RequirePass = _plain;
        if (!string.IsNullOrEmpty(config.RequirePass) && _hashes.Contains(Hash(config.RequirePass))) return null;
        return "'user default' has the hash of another password than requirepass, which is not supported yet";
    }

    /// <summary>The line that says the same as the configuration in force.</summary>
    public static string Line(ServerConfig config)
    {
        var password = string.IsNullOrEmpty(config.RequirePass) ? "nopass" : "#" + Hash(config.RequirePass);
        return $"user default on {password} sanitize-payload ~* &* +@all";
    }

    private static string Hash(string password) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(password)));

    private bool TryApply(string rule) => TryApplyPassword(rule) || TryApplyRight(rule.ToLowerInvariant());

    private bool TryApplyRight(string rule)
    {
        switch (rule)
        {
            case "on": _isOn = true; return true;
            case "off": _isOn = false; return true;
            case "sanitize-payload" or "skip-sanitize-payload": return true; // payloads are checked in any case
            case "~*" or "allkeys" or "%rw~*": _hasKeys = true; return true;
            case "resetkeys": _hasKeys = false; return true;
            case "&*" or "allchannels": _hasChannels = true; return true;
            case "resetchannels": (_hasChannels, _limitsChannels) = (false, true); return true;
            case "+@all" or "allcommands": _hasCommands = true; return true;
            case "-@all" or "nocommands": _hasCommands = false; return true;
            default: return false;
        }
    }

    private bool TryApplyPassword(string rule)
    {
        var isNoPass = rule.Equals("nopass", StringComparison.OrdinalIgnoreCase);
        if (isNoPass || rule.Equals("resetpass", StringComparison.OrdinalIgnoreCase))
        {
            _hashes.Clear();
            _plain = null;
            _hasNoPassword = isNoPass;
            return true;
        }

        if (rule.StartsWith('>'))
        {
            _plain = rule[1..];
            _hashes.Add(Hash(_plain));
            _hasNoPassword = false;
            return true;
        }

        // Redis reads hashes in lower case only.
        if (!rule.StartsWith('#') || rule.Length != HashLength + 1 || rule.AsSpan(1).ContainsAnyExcept(HexDigits)) return false;
        _hashes.Add(rule[1..]);
        _hasNoPassword = false;
        return true;
    }
}
