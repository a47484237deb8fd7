using Starling.Node.Config;
using Starling.Slots;

namespace Starling.Node.Acl;

/// <summary>The file of users: a line "user", name and rules for each.</summary>
internal static class AclFile
{
    private const long LargestFile = 64L << 20;
    private const int BufferLength = 64 * 1024;
    private const int MostErrors = 100; // that are told

    // Two saves at once would each replace the other's file.
    private static readonly RankedLock Saving = new(LockRank.Configuration, nameof(AclFile));

    /// <summary>Reads the file.</summary>
    /// <param name="path">Its absolute path.</param>
    /// <param name="name">Its name, for messages.</param>
    /// <param name="text">What is in it.</param>
    /// <returns>Why it cannot be read; null when it is.</returns>
    public static string? TryRead(string path, string name, out byte[] text)
    {
        LockOrder.AssertMayBlock("reading the file of users");
        text = [];
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var bytes = new MemoryStream();
            var buffer = new byte[BufferLength];
            for (var read = stream.Read(buffer); read > 0; read = stream.Read(buffer))
            {
                bytes.Write(buffer, 0, read);
                if (bytes.Length > LargestFile) return $"Error loading ACLs, file '{name}' is larger than 64 MiB";
            }

            text = bytes.ToArray();
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"Error loading ACLs, opening file '{name}': {SystemErrors.Explain(e, path)}";
        }
    }

    /// <summary>Reads the users of a file's text. A file in which anything is wrong has none.</summary>
    /// <param name="text">The text.</param>
    /// <param name="name">The file's name, for messages.</param>
    /// <param name="catalog">What rules can name.</param>
    /// <param name="allowsChannels">New users may use every channel (acl-pubsub-default).</param>
    /// <param name="users">The users by their names.</param>
    /// <returns>All that is wrong, with the numbers of the lines; null when nothing is.</returns>
    public static string? TryParse(
        ReadOnlySpan<byte> text, string name, CommandCatalog catalog, bool allowsChannels, out Dictionary<byte[], UserRights> users)
    {
        users = new Dictionary<byte[], UserRights>(ByteStringComparer.Instance);
        var errors = new List<string>();
        var number = 0;
        foreach (var range in text.Split((byte)'\n'))
        {
            number++;
            var line = text[range].Trim(" \t\r\n"u8);
            if (!line.IsEmpty) ParseLine(line, $"{name}:{number}", number, catalog, allowsChannels, users, errors);
            if (errors.Count > MostErrors) break;
        }

        if (errors.Count == 0) return null;
        users.Clear();
        errors.Add("WARNING: ACL errors detected, no change to the previously active ACL rules was performed");
        return string.Join(' ', errors);
    }

    /// <summary>
    /// Replaces the file by another one as a whole, unless one that was taken later is there already.
    /// </summary>
    /// <returns>Why it failed; null when the users are saved.</returns>
    public static string? TrySave(string path, byte[] text, RewriteOrder order, long number)
    {
        using (Saving.Enter())
        {
            if (order.IsSuperseded(number)) return null;
            if (FileReplacement.TryWrite(path, text) is { } reason) return reason;
            order.NoteWritten(number);
            return null;
        }
    }

    private static void ParseLine(
        ReadOnlySpan<byte> line,
        string place,
        int number,
        CommandCatalog catalog,
        bool allowsChannels,
        Dictionary<byte[], UserRights> users,
        List<string> errors)
    {
        var words = new List<byte[]>();
        foreach (var range in line.Split((byte)' ')) words.Add(line[range].ToArray());
        if (words.Count < 2 || !words[0].AsSpan().SequenceEqual("user"u8))
        {
            errors.Add($"{place} should start with user keyword followed by the username.");
            return;
        }

        var username = words[1];
        if (RuleText.HasSpace(username))
        {
            errors.Add($"{place}: username '{RuleText.UpToZero(username)}' contains invalid characters.");
            return;
        }

        if (users.ContainsKey(username))
        {
            errors.Add($"WARNING: Duplicate user '{RuleText.Of(username)}' found on line {number}.");
            return;
        }

        if (!RuleText.TryMerge(words.Skip(2), out var rules, out var unmatched))
        {
            errors.Add($"{place}: Unmatched parenthesis in selector definition starting at '{RuleText.Of(unmatched)}'.");
            return;
        }

        var builder = new UserRightsBuilder(catalog, allowsChannels, before: null);
        var hasOther = false;
        foreach (var rule in rules)
        {
            if (builder.Apply(rule) is not { } reason) continue;

            // Of what may be a consequence of another error, or hold a password, only the first is told.
            if (reason == AclRuleErrors.Unknown) errors.Add($"{place}: Error in applying operation '{RuleText.UpToZero(rule)}': {reason}.");
            else if (!hasOther) errors.Add($"{place}: {reason}.");
            hasOther |= reason != AclRuleErrors.Unknown;
            if (errors.Count > MostErrors) break;
        }

        users[username] = builder.Build();
    }
}
