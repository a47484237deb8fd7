using Starling.Resp;

namespace Starling.Node.Acl;

/// <summary>Which commands a selector allows. Never changes.</summary>
/// <param name="allowed">The commands that are allowed whatever their arguments are.</param>
/// <param name="firstArguments">Of commands that are not, the first arguments with which they are; by ordinal.</param>
/// <param name="allowsEverything">Every command is allowed.</param>
/// <param name="text">The rules that say so, for example "-@all +get".</param>
internal sealed class CommandRules(
    CommandSet allowed, IReadOnlyDictionary<int, byte[][]> firstArguments, bool allowsEverything, string text)
{
    /// <summary>The commands that are allowed whatever their arguments are.</summary>
    public CommandSet Allowed => allowed;

    /// <summary>Of commands that are not, the first arguments with which they are; by ordinal.</summary>
    public IReadOnlyDictionary<int, byte[][]> FirstArguments => firstArguments;

    /// <summary>Every command is allowed.</summary>
    public bool AllowsEverything => allowsEverything;

    /// <summary>The rules that say so, from "+@all" or "-@all" on, a character a byte.</summary>
    public string Text => text;

    /// <summary>True when a call is allowed, as far as the command goes.</summary>
    public bool Allow(CommandRow command, ArgumentList arguments)
    {
        // What has to be possible before AUTH cannot be taken from anybody.
        if (allowsEverything || allowed.Contains(command) || (command.Flags & CommandFlags.NoAuth) != 0) return true;
        if (arguments.Count < 2 || !firstArguments.TryGetValue(command.Ordinal, out var firsts)) return false;
        var given = arguments[1];
        foreach (var first in firsts)
            if (RuleText.Is(first, given)) return true;
        return false;
    }
}
