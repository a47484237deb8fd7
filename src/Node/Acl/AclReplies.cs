using System.Text;

namespace Starling.Node.Acl;

/// <summary>The errors that tell somebody what is not allowed, in Redis's words.</summary>
internal static class AclReplies
{
    /// <summary>The error reply to a call.</summary>
    public static byte[] Refusal(AclDenial denial, CommandRow command) => Encoding.ASCII.GetBytes(
        "NOPERM this user has no permissions to " + denial switch
        {
            AclDenial.Key => "access one of the keys used as arguments",
            AclDenial.Channel => "access one of the channels used as arguments",
            _ => $"run the '{command.FullName}' command",
        });

    /// <summary>The error reply, within that to EXEC, to a call that was allowed when it was queued.</summary>
    public static byte[] RefusalInExec(AclDenial denial) => Encoding.ASCII.GetBytes(
        "NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. "
        + "This command is no longer allowed for the following reason: " + denial switch
        {
            AclDenial.Key => "no permission to touch the specified keys",
            AclDenial.Channel => "no permission to access one of the channels used as arguments to the command",
            _ => "no permission to execute the command or subcommand",
        });

    /// <summary>What ACL DRYRUN answers about a call that is not allowed.</summary>
    /// <param name="denial">Why.</param>
    /// <param name="command">The command.</param>
    /// <param name="argument">The key or channel.</param>
    public static byte[] DryRun(AclDenial denial, CommandRow command, ReadOnlySpan<byte> argument)
    {
        var what = denial switch
        {
            AclDenial.Key => "key",
            AclDenial.Channel => "channel",
            _ => null,
        };
        if (what is null) return Encoding.ASCII.GetBytes($"This user has no permissions to run the '{command.FullName}' command");
        return RuleText.Bytes($"This user has no permissions to access the '{RuleText.UpToZero(argument)}' {what}");
    }
}
