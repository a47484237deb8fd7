using System.Text;

namespace Starling.Node.Config;

/// <summary>dir: the working directory. A relative one is relative to the one before.</summary>
internal sealed class DirDirective() : Directive("dir")
{
    private const int LongestPath = 4096, LongestName = 255; // bytes: PATH_MAX and NAME_MAX of Linux

    /// <inheritdoc/>
    protected override bool HasEffect => true;

    /// <inheritdoc/>
    public override string Get(ServerConfig config) => Path.IsPathRooted(config.Dir) || WorkingDirectory.Name.Length > 0
        ? WorkingDirectory.Resolve(config.Dir)
        : string.Empty;

    /// <inheritdoc/>
    internal override void Rewrite(ServerConfig config, ConfigContent content) =>
        content.Write(Name, ConfigLine.Quote(Get(config)), isDefault: false);

    /// <inheritdoc/>
    protected override string? Set(ServerConfig config, IReadOnlyList<string> arguments, bool isRepeated)
    {
        if (arguments[0].Length == 0) return "No such file or directory";
        var path = config.PathOf(arguments[0]);
        var isTooLong = Encoding.UTF8.GetByteCount(path) >= LongestPath
            || path.Split('/').Any(part => Encoding.UTF8.GetByteCount(part) > LongestName);
        if (isTooLong) return "File name too long";
        if (!Directory.Exists(path)) return File.Exists(path) ? "Not a directory" : "No such file or directory";
        if (!WorkingDirectory.CanEnter(path)) return "Permission denied";
        config.Dir = path.Length > 1 ? Path.TrimEndingDirectorySeparator(path) : path;
        return null;
    }
}
