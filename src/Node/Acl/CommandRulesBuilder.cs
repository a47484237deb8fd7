using System.Text;

namespace Starling.Node.Acl;

/// <summary>
/// Applies rules about commands one after another. Of rules about the same command or category only the last is kept: it
/// undoes whatever the others did.
/// </summary>
internal sealed class CommandRulesBuilder
{
    private readonly CommandCatalog _catalog;
    private readonly Dictionary<int, HashSet<string>> _firstArguments = []; // by ordinal, in lower case
    private readonly List<string?> _rules = []; // in their order, with their signs; null for what was removed
    private readonly Dictionary<string, int> _places = new(StringComparer.Ordinal); // of the rules, without signs, in lower case
    private CommandSet _allowed;
    private bool _beginsWithAll;

    /// <summary>Goes on from rules that are there; without any no command is allowed.</summary>
    public CommandRulesBuilder(CommandCatalog catalog, CommandRules? before)
    {
        _catalog = catalog;
        _allowed = before?.Allowed ?? catalog.None;
        if (before is null) return;
        foreach (var (ordinal, firsts) in before.FirstArguments) _firstArguments[ordinal] = [.. firsts.Select(first => RuleText.Of(first))];
        var rules = before.Text.Split(' ');
        _beginsWithAll = rules[0] == "+@all";
        foreach (var rule in rules.Skip(1)) Note(rule);
    }

    /// <summary>The rules as they are now.</summary>
    public CommandRules Build()
    {
        var text = new StringBuilder(_beginsWithAll ? "+@all" : "-@all");
        foreach (var rule in _rules)
            if (rule is not null) text.Append(' ').Append(rule);
        return new CommandRules(
            _allowed,
            _firstArguments.ToDictionary(pair => pair.Key, pair => Array.ConvertAll([.. pair.Value], RuleText.Bytes)),
            _allowed.IsSame(_catalog.All),
            text.ToString());
    }

    /// <summary>Applies a rule.</summary>
    /// <param name="rule">A sign, and the name of a command, of a subcommand, or of a category behind '@'.</param>
    /// <returns>Why it is none; null when it is applied.</returns>
    public string? Apply(ReadOnlySpan<byte> rule)
    {
        var allows = rule[0] == '+';
        var name = rule[1..];
        if (name.StartsWith("@"u8)) return ApplyCategory(allows, name);
        if (_catalog.Table.FindFullName(name) is not { } command) return allows ? ApplyFirstArgument(name) : AclRuleErrors.Unknown;
        Change(allows, _catalog.Of(command));
        ForgetFirstArguments(command);
        foreach (var row in command.AllSubcommands) Forget(row.FullName);
        Note((allows ? "+" : "-") + command.FullName);
        return null;
    }

    private string? ApplyCategory(bool allows, ReadOnlySpan<byte> name)
    {
        if (RuleText.Is(name, "@all"u8))
        {
            _allowed = allows ? _catalog.All : _catalog.None;
            _firstArguments.Clear();
            _rules.Clear();
            _places.Clear();
            _beginsWithAll = allows;
            return null;
        }

        if (!AclCategories.TryFind(name[1..], out var category)) return AclRuleErrors.Unknown;
        var members = _catalog.Of(category);
        Change(allows, members);
        foreach (var ordinal in _firstArguments.Keys.ToArray())
        {
            var command = _catalog.Table.All[ordinal];
            if (members.Contains(command)) ForgetFirstArguments(command);
        }

        Note((allows ? "+@" : "-@") + category.First());
        return null;
    }

    /// <summary>A command with one first argument only: the command, a bar, the argument.</summary>
    private string? ApplyFirstArgument(ReadOnlySpan<byte> name)
    {
        var bar = name.LastIndexOf((byte)'|');
        if (bar < 0 || _catalog.Table.FindFullName(name[..bar]) is not { } command) return AclRuleErrors.Unknown;
        if (command.Container is not null) return AclRuleErrors.FirstArgumentOfSubcommand;
        var argument = name[(bar + 1)..];

        // With a space in it, a file that it is written to would have two rules.
        if (argument.IsEmpty || RuleText.HasSpace(argument)) return AclRuleErrors.Syntax;
        if (command.AllSubcommands.Count > 0) return AclRuleErrors.Unknown;
        var text = RuleText.Of(argument);
        if (!_allowed.Contains(command))
        {
            if (!_firstArguments.TryGetValue(command.Ordinal, out var firsts)) _firstArguments[command.Ordinal] = firsts = [];
            firsts.Add(RuleText.ToLower(text));
        }

        Note("+" + command.Name + "|" + text);
        return null;
    }

    private void Change(bool allows, CommandSet commands) =>
        _allowed = allows ? _allowed.With(commands) : _allowed.Without(commands);

    private void ForgetFirstArguments(CommandRow command)
    {
        if (!_firstArguments.Remove(command.Ordinal, out var firsts)) return;
        foreach (var first in firsts) Forget(command.Name + "|" + first);
    }

    private void Note(string rule)
    {
        var name = RuleText.ToLower(rule[1..]);
        Forget(name);
        _places[name] = _rules.Count;
        _rules.Add(rule);
    }

    private void Forget(string name)
    {
        if (_places.Remove(name, out var place)) _rules[place] = null;
    }
}
