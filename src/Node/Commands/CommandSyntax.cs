using System.Collections.Frozen;
using System.Text;
using Starling.Resp;

namespace Starling.Node.Commands;

/// <summary>
/// What COMMAND DOCS says of the arguments of commands that redis-server 7.0 has, in its words: tools write their hints and clients
/// by it. Of commands that came later nothing is said.
/// </summary>
internal sealed class CommandSyntax
{
    private const string Resource = "CommandSyntax.txt";

    private static readonly Lazy<FrozenDictionary<string, CommandSyntax>> All = new(Read);

    private readonly List<string> _flags = [];
    private readonly string? _deprecatedSince;
    private readonly IReadOnlyList<SyntaxArgument> _arguments;

    private CommandSyntax(Queue<string> words)
    {
        while (words.TryPeek(out var word) && word[0] is '+' or '!')
        {
            words.Dequeue();
            if (word[0] == '+') _flags.Add(word[1..]);
            else _deprecatedSince = word[1..];
        }

        _arguments = ReadArguments(words);
    }

    /// <summary>Number of fields that <see cref="Write"/> writes.</summary>
    public int FieldCount => (_flags.Count > 0 ? 1 : 0) + (_deprecatedSince is null ? 0 : 1) + (_arguments.Count > 0 ? 1 : 0);

    /// <summary>What is known of a command, by its full name; null for nothing.</summary>
    public static CommandSyntax? Of(string fullName) => All.Value.GetValueOrDefault(fullName);

    /// <summary>Writes the fields.</summary>
    public void Write(RespWriter reply)
    {
        if (_flags.Count > 0)
        {
            reply.Bulk("doc_flags"u8);
            reply.Set(_flags.Count);
            foreach (var flag in _flags) reply.Simple(Encoding.ASCII.GetBytes(flag));
        }

        if (_deprecatedSince is not null)
        {
            reply.Bulk("deprecated_since"u8);
            reply.Bulk(_deprecatedSince);
        }

        if (_arguments.Count == 0) return;
        reply.Bulk("arguments"u8);
        SyntaxArgument.Write(reply, _arguments);
    }

    private static FrozenDictionary<string, CommandSyntax> Read()
    {
        using var stream = typeof(CommandSyntax).Assembly.GetManifestResourceStream(Resource)!;
        using var reader = new StreamReader(stream);
        var all = new Dictionary<string, CommandSyntax>(StringComparer.Ordinal);
        while (reader.ReadLine() is { } line)
        {
            var words = new Queue<string>(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
            if (words.TryDequeue(out var name)) all.Add(name, new CommandSyntax(words));
        }

        return all.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>Reads arguments up to the end of the group.</summary>
    private static List<SyntaxArgument> ReadArguments(Queue<string> words)
    {
        var arguments = new List<SyntaxArgument>();
        while (words.TryDequeue(out var word) && word != ")")
        {
            var isGroup = words.TryPeek(out var next) && next == "(";
            if (isGroup) words.Dequeue();
            arguments.Add(new SyntaxArgument(word, isGroup ? ReadArguments(words) : []));
        }

        return arguments;
    }
}
