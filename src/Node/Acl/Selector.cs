using Starling.Resp;

namespace Starling.Node.Acl;

/// <summary>
/// What a user may do: commands, on keys and channels. A user has at least one, and may do what one of them allows. Never changes.
/// </summary>
/// <param name="commands">The commands.</param>
/// <param name="keys">The keys.</param>
/// <param name="channels">The channels.</param>
internal sealed class Selector(CommandRules commands, KeyRules keys, ChannelRules channels)
{
    [ThreadStatic]
    private static List<int>? t_positions;

    /// <summary>The commands.</summary>
    public CommandRules Commands => commands;

    /// <summary>The keys.</summary>
    public KeyRules Keys => keys;

    /// <summary>The channels.</summary>
    public ChannelRules Channels => channels;

    /// <summary>It allows everything.</summary>
    public bool AllowsEverything => commands.AllowsEverything && keys.AllowsEverything && channels.AllowsEverything;

    /// <summary>Judges a call.</summary>
    public AclVerdict Judge(CommandRow command, ArgumentList arguments)
    {
        if (!commands.Allow(command, arguments)) return new AclVerdict(AclDenial.Command, 0);
        if (!keys.AllowsEverything && command.HasKeys && !command.NamesChannels)
        {
            var verdict = JudgeKeys(command, arguments);
            if (verdict != AclVerdict.Allowed) return verdict;
        }

        return channels.AllowsEverything || command.Channels == ChannelUse.None ? AclVerdict.Allowed : JudgeChannels(command, arguments);
    }

    /// <summary>The rules in the order in which they are told.</summary>
    /// <param name="isExact">They are to be read again.</param>
    public IEnumerable<string> Tell(bool isExact)
    {
        foreach (var rule in keys.Tell(isExact)) yield return rule;
        if (!channels.AllowsEverything) yield return "resetchannels";
        foreach (var rule in channels.Tell()) yield return rule;
        foreach (var rule in commands.Text.Split(' ')) yield return rule;
    }

    private AclVerdict JudgeKeys(CommandRow command, ArgumentList arguments)
    {
        var positions = t_positions ??= [];
        positions.Clear();

        // Who names no keys where some have to be is told so by the handler.
        if (!command.TryFindKeys(arguments, positions)) return AclVerdict.Allowed;
        var uses = command.FindKeyFlags?.Invoke(arguments) ?? command.KeyFlags;
        for (var i = 0; i < positions.Count; i++)
        {
            var position = positions[i];
            if (!keys.Allow(arguments[position], KeyRules.Needed(uses[i]))) return new AclVerdict(AclDenial.Key, position);
        }

        return AclVerdict.Allowed;
    }

    private AclVerdict JudgeChannels(CommandRow command, ArgumentList arguments)
    {
        var end = command.Channels == ChannelUse.Publish ? 2 : arguments.Count;
        for (var position = 1; position < end; position++)
        {
            if (!channels.Allow(arguments[position], command.Channels == ChannelUse.SubscribePattern))
                return new AclVerdict(AclDenial.Channel, position);
        }

        return AclVerdict.Allowed;
    }
}
