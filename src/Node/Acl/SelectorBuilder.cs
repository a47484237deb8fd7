namespace Starling.Node.Acl;

/// <summary>Applies rules of one selector one after another.</summary>
internal sealed class SelectorBuilder
{
    private readonly CommandRulesBuilder _commands;
    private readonly KeyRulesBuilder _keys;
    private readonly ChannelRulesBuilder _channels;

    /// <summary>Goes on from a selector that is there.</summary>
    public SelectorBuilder(CommandCatalog catalog, Selector before)
    {
        _commands = new CommandRulesBuilder(catalog, before.Commands);
        _keys = new KeyRulesBuilder(before.Keys);
        _channels = new ChannelRulesBuilder(before.Channels);
    }

    /// <summary>A new selector, which allows no command and no key.</summary>
    /// <param name="catalog">What rules can name.</param>
    /// <param name="allowsChannels">It allows every channel (acl-pubsub-default).</param>
    public SelectorBuilder(CommandCatalog catalog, bool allowsChannels)
    {
        _commands = new CommandRulesBuilder(catalog, before: null);
        _keys = new KeyRulesBuilder(KeyRules.Nothing);
        _channels = new ChannelRulesBuilder(allowsChannels ? ChannelRules.Everything : ChannelRules.Nothing);
    }

    /// <summary>The selector as it is now.</summary>
    public Selector Build() => new(_commands.Build(), _keys.Build(), _channels.Build());

    /// <summary>Applies a rule.</summary>
    /// <returns>Why it is none; null when it is applied.</returns>
    public string? Apply(ReadOnlySpan<byte> rule)
    {
        if (RuleText.Is(rule, "allkeys"u8) || RuleText.Is(rule, "~*"u8)) _keys.Reset(allowsEverything: true);
        else if (RuleText.Is(rule, "resetkeys"u8)) _keys.Reset(allowsEverything: false);
        else if (RuleText.Is(rule, "allchannels"u8) || RuleText.Is(rule, "&*"u8)) _channels.Reset(allowsEverything: true);
        else if (RuleText.Is(rule, "resetchannels"u8)) _channels.Reset(allowsEverything: false);
        else if (RuleText.Is(rule, "allcommands"u8)) return _commands.Apply("+@all"u8);
        else if (RuleText.Is(rule, "nocommands"u8)) return _commands.Apply("-@all"u8);
        else
        {
            return rule switch
            {
                [(byte)'~' or (byte)'%', ..] => _keys.Apply(rule),
                [(byte)'+' or (byte)'-', ..] => _commands.Apply(rule),
                [(byte)'&', ..] => _channels.Apply(rule),
                _ => AclRuleErrors.Syntax,
            };
        }

        return null;
    }
}
