using System.Diagnostics.CodeAnalysis;
using System.IO.Enumeration;
using System.Text;
using System.Text.Unicode;

namespace Starling.Node.Config;

/// <summary>
/// Reads a configuration: a file with all that it includes, then standard input, then the command line; what comes last
/// counts.
/// </summary>
public sealed class ConfigLoader
{
    private const int DeepestInclude = 64;
    private const long LargestFile = 64L << 20;

    private const string UsersTwice =
        "Configuring Redis with users defined in redis.conf and at the same setting an ACL file path is invalid. This setup is very likely "
        + "to lead to configuration errors and security holes, please define either an ACL file or declare users directly in your "
        + "redis.conf, but not both.";

    private readonly ServerConfig _config = new();
    private readonly HashSet<Directive> _seen = [];
    private readonly SortedSet<string> _withoutEffect = new(StringComparer.Ordinal);
    private readonly List<UserLine> _users = [];
    private int _depth;

    private ConfigLoader()
    {
    }

    /// <summary>Loads a configuration.</summary>
    /// <param name="arguments">The command line; see <see cref="ServerArguments"/>.</param>
    /// <param name="standardInput">Opens standard input; called when the command line names it.</param>
    /// <param name="config">The configuration.</param>
    /// <param name="error">Why there is none.</param>
    public static bool TryLoad(
        ServerArguments arguments,
        Func<Stream> standardInput,
        [NotNullWhen(true)] out ServerConfig? config,
        [NotNullWhen(false)] out ConfigError? error)
    {
        var loader = new ConfigLoader();
        config = null;
        error = loader.Load(arguments, standardInput);
        if (error is not null) return false;
        config = loader._config;
        return true;
    }

    private ConfigError? Load(ServerArguments arguments, Func<Stream> standardInput)
    {
        using var text = new MemoryStream();
        if (arguments.File is { } file)
        {
            _config.File = WorkingDirectory.Resolve(file);
            if (!TryReadFile(_config.File, file, out var content, out var error)) return error;
            text.Write(content);
        }

        if (arguments.ReadsStandardInput)
        {
            using var input = standardInput();
            if (!TryRead(input, "standard input", out var content, out var error)) return error;
            text.Write(content);
        }

        // As in Redis, the command line is what follows the last line of the file: its line numbers go on from there.
        var commandLineFrom = text.GetBuffer().AsSpan(0, (int)text.Length).Count((byte)'\n') + 2;
        text.Write(Encoding.UTF8.GetBytes('\n' + arguments.Options));
        return LoadText(text.GetBuffer().AsSpan(0, (int)text.Length), _config.File, commandLineFrom) ?? CheckTogether();
    }

    private ConfigError? LoadText(ReadOnlySpan<byte> text, string? path, int commandLineFrom = int.MaxValue)
    {
        var number = 0;
        foreach (var range in text.Split((byte)'\n'))
        {
            number++;
            var file = number >= commandLineFrom ? null : path;
            var bytes = text[range].Trim(" \t\r\n"u8);
            if (bytes.IsEmpty || bytes[0] == (byte)'#') continue;
            var line = Encoding.UTF8.GetString(bytes);
            if (IsUser(bytes, out var words))
            {
                if (AddUser(words, file, number, line) is { } duplicate) return duplicate;
                continue;
            }

            // Comments and users may be any bytes, the texts of directives may not.
            if (!Utf8.IsValid(bytes)) return new ConfigError("it is not UTF-8 text", file, number, line);
            if (!ConfigLine.TrySplit(line, out var arguments))
                return new ConfigError("Unbalanced quotes in configuration line", file, number, line);
            if (arguments.Count == 0) continue;
            var name = arguments[0].ToLowerInvariant();
            arguments.RemoveAt(0);
            if (name == "include" && arguments.Count == 1)
            {
                if (Include(arguments[0], file, number, line) is { } error) return error;
            }
            else if (SetLine(name, arguments) is { } reason)
            {
                return new ConfigError(reason, file, number, line, name);
            }
        }

        return null;
    }

    /// <summary>True for a line that defines a user, whose rules may be any bytes.</summary>
    private static bool IsUser(ReadOnlySpan<byte> line, [NotNullWhen(true)] out List<byte[]>? words) =>
        ConfigLine.TrySplit(line, out words)
        && words.Count > 1 && Encoding.UTF8.GetString(words[0]).Equals(ConfigContent.User, StringComparison.OrdinalIgnoreCase);

    private ConfigError? AddUser(List<byte[]> words, string? file, int number, string line)
    {
        var name = words[1];
        if (_users.Exists(user => user.Name.AsSpan().SequenceEqual(name)))
        {
            var reason = $"Error in user declaration '{Encoding.UTF8.GetString(name)}': "
                + "Duplicate user found. A user can only be defined once in config files";
            return new ConfigError(reason, file, number, line, ConfigContent.User);
        }

        _users.Add(new UserLine(name, words[2..], $"{file ?? "command line"}:{number}"));
        return null;
    }

    private string? SetLine(string name, List<string> arguments)
    {
        if (DirectiveTable.Find(name) is { } directive)
        {
            var reason = directive.SetLine(_config, arguments, isRepeated: !_seen.Add(directive));
            if (reason is null && directive.State == DirectiveState.NotYetEffective) _withoutEffect.Add(directive.Name);
            return reason;
        }

        if (DirectiveTable.IsObsolete(name) && arguments.Count == 1) return null;
        return DirectiveTable.ReasonToRefuse(name, arguments.Count) ?? "Bad directive or wrong number of arguments";
    }

    private ConfigError? Include(string pattern, string? file, int number, string line)
    {
        if (++_depth > DeepestInclude) return new ConfigError("include is nested too deeply", file, number, line, "include");
        var path = _config.PathOf(pattern);
        foreach (var included in pattern.AsSpan().ContainsAny('*', '?', '[') ? Glob(path) : [path])
        {
            if (!TryReadFile(included, included, out var content, out var unreadable)) return unreadable;
            if (LoadText(content, included) is { } error) return error;
        }

        _depth--;
        return null;
    }

    /// <summary>
    /// The files that a pattern with *, ? and [] in any of its parts stands for, in the order of their names.
    /// </summary>
    private static List<string> Glob(string pattern)
    {
        var found = new List<string> { "/" };
        var parts = pattern.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (var i = 0; i < parts.Length; i++)
        {
            var part = parts[i];
            var isLast = i == parts.Length - 1;
            var next = new List<string>();
            foreach (var directory in found)
            {
                if (!part.AsSpan().ContainsAny('*', '?', '['))
                {
                    var path = Path.Combine(directory, part);
                    if (isLast ? Path.Exists(path) : Directory.Exists(path)) next.Add(path);
                    continue;
                }

                next.AddRange(Matches(directory, part, isLast));
            }

            found = next;
        }

        return found;
    }

    private static IEnumerable<string> Matches(string directory, string pattern, bool wantsFiles)
    {
        var pieces = Encoding.UTF8.GetBytes(pattern.Replace("[!", "[^", StringComparison.Ordinal));
        var entries = new FileSystemEnumerable<string>(
            directory,
            (ref entry) => entry.ToFullPath(),
            new EnumerationOptions { AttributesToSkip = 0, IgnoreInaccessible = true })
        {
            ShouldIncludePredicate = (ref entry) =>
                entry.IsDirectory != wantsFiles
                && (entry.FileName[0] != '.' || pattern[0] == '.')
                && GlobPattern.Matches(pieces, Encoding.UTF8.GetBytes(entry.FileName.ToString())),
        };
        return entries.Order(StringComparer.Ordinal);
    }

    private static bool TryReadFile(
        string path,
        string name,
        [NotNullWhen(true)] out byte[]? content,
        [NotNullWhen(false)] out ConfigError? error)
    {
        try
        {
            using var stream = File.OpenRead(path);
            return TryRead(stream, name, out content, out error);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            content = null;
            error = new ConfigError($"Fatal error, can't open config file '{name}': {SystemErrors.Explain(e, path)}") { IsUnreadableFile = true };
            return false;
        }
    }

    private static bool TryRead(
        Stream stream,
        string name,
        [NotNullWhen(true)] out byte[]? content,
        [NotNullWhen(false)] out ConfigError? error)
    {
        content = null;
        using var bytes = new MemoryStream();
        var buffer = new byte[64 * 1024];
        for (var read = stream.Read(buffer); read > 0; read = stream.Read(buffer))
        {
            bytes.Write(buffer, 0, read);
            if (bytes.Length <= LargestFile) continue;
            error = new ConfigError($"Fatal error, can't read config file '{name}': it is larger than 64 MiB") { IsUnreadableFile = true };
            return false;
        }

        content = bytes.ToArray();
        error = null;
        return true;
    }

    /// <summary>What only the whole of a configuration can be asked.</summary>
    private ConfigError? CheckTogether()
    {
        _config.SetWithoutEffect = [.. _withoutEffect];
        _config.Users = _users;
        if (_users.Count > 0 && _config.AclFile.Length > 0) return new ConfigError(UsersTwice);
        if (_config.ClusterEnabled && _config.ReplicaOf is not null)
            return new ConfigError("replicaof directive not allowed in cluster mode");
        if (_config.LogFile.Length > 0 && !CanAppend(_config.PathOf(_config.LogFile), out var why))
            return new ConfigError("Can't open the log file: " + why);
        return null;
    }

    private static bool CanAppend(string path, out string why)
    {
        why = string.Empty;
        try
        {
            using var stream = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            why = SystemErrors.Explain(e, path);
            return false;
        }
    }
}
