namespace Starling.Node.Acl;

/// <summary>Why a rule of a user is not accepted, in Redis's words.</summary>
internal static class AclRuleErrors
{
    /// <summary>The rule is none.</summary>
    public const string Syntax = "Syntax error";

    /// <summary>There is no such command, subcommand or category.</summary>
    public const string Unknown = "Unknown command or category name in ACL";

    /// <summary>A first argument was allowed of a subcommand.</summary>
    public const string FirstArgumentOfSubcommand = "Allowing first-arg of a subcommand is not supported";

    /// <summary>A key pattern that every key matches was given before.</summary>
    public const string PatternAfterAllKeys =
        "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any effect. "
        + "Try 'resetkeys' to start with an empty list of patterns";

    /// <summary>A channel pattern that every channel matches was given before.</summary>
    public const string PatternAfterAllChannels =
        "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not have any effect. "
        + "Try 'resetchannels' to start with an empty list of channels";

    /// <summary>A password was to be removed that is none of the user's.</summary>
    public const string NoSuchPassword = "The password you are trying to remove from the user does not exist";

    /// <summary>What was given as the hash of a password is none.</summary>
    public const string NotAHash = "The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters";
}
