using System.Text;
using Starling.Node.Acl;
using Starling.Node.Commands;
using Starling.Resp;

namespace Starling.Node.Tests.Acl;

/// <summary>Rules, rights and calls as texts.</summary>
internal static class Rules
{
    public static CommandCatalog Catalog { get; } = new(ServerCommands.Table());

    /// <summary>The rights that rules, separated by spaces, give a new user; or that they add to others.</summary>
    public static UserRights Apply(string rules, UserRights? before = null, bool allowsChannels = false)
    {
        var (rights, reason) = TryApply(rules, before, allowsChannels);
        return reason is null ? rights : throw new ArgumentException(reason, nameof(rules));
    }

    /// <summary>As <see cref="Apply"/>, with the reason why a rule is not accepted.</summary>
    public static (UserRights Rights, string? Reason) TryApply(string rules, UserRights? before = null, bool allowsChannels = false)
    {
        var builder = new UserRightsBuilder(Catalog, allowsChannels, before);
        var given = rules.Split(' ').Select(Encoding.Latin1.GetBytes);
        if (!RuleText.TryMerge(given, out var merged, out var unmatched)) return (UserRights.Nothing, "unmatched " + RuleText.Of(unmatched));
        foreach (var rule in merged)
            if (builder.Apply(rule) is { } reason) return (builder.Build(), reason);
        return (builder.Build(), null);
    }

    /// <summary>What becomes of a call, its words separated by spaces: "allowed", "command", "key 1", "channel 2".</summary>
    public static string Judge(UserRights rights, string call)
    {
        var (command, arguments) = Call(call);
        var verdict = rights.Judge(command, arguments);
        return verdict.Denial switch
        {
            AclDenial.None => "allowed",
            AclDenial.Command => "command",
            var denial => denial.ToString().ToLowerInvariant() + " " + Encoding.Latin1.GetString(arguments[verdict.Position]),
        };
    }

    /// <summary>A call, its words separated by spaces.</summary>
    public static (CommandRow Command, ArgumentList Arguments) Call(string call)
    {
        var arguments = Arguments(call);
        return (Catalog.Table.FindNamed(arguments) ?? throw new ArgumentException("no such command", nameof(call)), arguments);
    }

    /// <summary>The rules about commands that rights tell.</summary>
    public static string Commands(UserRights rights) => rights.Selectors[0].Commands.Text;

    private static ArgumentList Arguments(string call)
    {
        var words = call.Split(' ').Select(Encoding.Latin1.GetBytes).ToArray();
        var list = new ArgumentList();
        list.Reset([.. words.SelectMany(word => word)]);
        var at = 0;
        foreach (var word in words)
        {
            list.Add(at, word.Length);
            at += word.Length;
        }

        return list;
    }
}
