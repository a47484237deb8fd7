using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Starling.Resp;

namespace Starling.Node.Commands;

/// <summary>An argument of a command as COMMAND DOCS tells it.</summary>
internal sealed partial class SyntaxArgument
{
    private readonly string _name;
    private readonly string _type;
    private readonly string _keySpec;
    private readonly string? _token;
    private readonly string _since;
    private readonly string _deprecatedSince;
    private readonly string[] _flags;

    /// <summary>Reads an argument from its word in the list of syntaxes.</summary>
    /// <param name="word">Name, type and what else is known: <c>name:type#keyspec'TOKEN'@since!deprecated?*^</c>.</param>
    /// <param name="parts">The arguments it consists of.</param>
    public SyntaxArgument(string word, IReadOnlyList<SyntaxArgument> parts)
    {
        var match = Word().Match(word);
        if (!match.Success) throw new FormatException("no argument: " + word);
        _name = match.Groups["name"].Value;
        _type = match.Groups["type"].Value;
        _keySpec = match.Groups["key"].Value;
        _token = match.Groups["token"] is { Success: true } token ? token.Value : null;
        _since = match.Groups["since"].Value;
        _deprecatedSince = match.Groups["deprecated"].Value;
        _flags = match.Groups["flags"].Value.Select(flag => flag switch
        {
            '?' => "optional",
            '*' => "multiple",
            _ => "multiple_token",
        }).ToArray();
        Parts = parts;
    }

    private IReadOnlyList<SyntaxArgument> Parts { get; }

    /// <summary>Writes several arguments.</summary>
    public static void Write(RespWriter reply, IReadOnlyList<SyntaxArgument> arguments)
    {
        reply.Array(arguments.Count);
        foreach (var argument in arguments) argument.Write(reply);
    }

    private void Write(RespWriter reply)
    {
        bool[] present =
        [
            _keySpec.Length > 0, _token is not null, _since.Length > 0, _deprecatedSince.Length > 0, _flags.Length > 0, Parts.Count > 0,
        ];
        reply.Map(2 + present.Count(isPresent => isPresent));
        Field(reply, "name"u8, _name);
        Field(reply, "type"u8, _type);
        if (_keySpec.Length > 0)
        {
            reply.Bulk("key_spec_index"u8);
            reply.Integer(int.Parse(_keySpec, CultureInfo.InvariantCulture));
        }

        if (_token is not null) Field(reply, "token"u8, _token);
        if (_since.Length > 0) Field(reply, "since"u8, _since);
        if (_deprecatedSince.Length > 0) Field(reply, "deprecated_since"u8, _deprecatedSince);
        if (_flags.Length > 0)
        {
            reply.Bulk("flags"u8);
            reply.Set(_flags.Length);
            foreach (var flag in _flags) reply.Simple(Encoding.ASCII.GetBytes(flag));
        }

        if (Parts.Count == 0) return;
        reply.Bulk("arguments"u8);
        Write(reply, Parts);
    }

    private static void Field(RespWriter reply, ReadOnlySpan<byte> name, string value)
    {
        reply.Bulk(name);
        reply.Bulk(value);
    }

    [GeneratedRegex(
        @"^(?<name>.+):(?<type>[a-z-]+)(#(?<key>\d+))?('(?<token>[^']*)')?(@(?<since>[\d.]+))?(!(?<deprecated>[\d.]+))?(?<flags>[?*^]*)$",
        RegexOptions.ExplicitCapture)]
    private static partial Regex Word();
}
