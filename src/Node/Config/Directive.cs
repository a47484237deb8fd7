namespace Starling.Node.Config;

/// <summary>
/// One directive of the configuration: what it accepts, where its value is, how it is written to the configuration
/// file.
/// </summary>
public abstract class Directive
{
    /// <summary>Shared by the kinds that take one argument and by those that count theirs.</summary>
    protected const string WrongNumberOfArguments = "wrong number of arguments";

    /// <summary>Makes a directive with its name in lower case.</summary>
    protected Directive(string name) => Name = name;

    /// <summary>The name in lower case.</summary>
    public string Name { get; }

    /// <summary>Other names of the same directive, Redis's older words.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>Other names that CONFIG GET answers to exactly, not to a pattern: Valkey's words.</summary>
    public IReadOnlyList<string> HiddenAliases { get; init; } = [];

    /// <summary>CONFIG SET cannot change it.</summary>
    public bool IsImmutable { get; init; }

    /// <summary>CONFIG GET answers it to its exact name only, not to a pattern.</summary>
    public bool IsHidden { get; init; }

    /// <summary>CONFIG SET needs enable-protected-configs.</summary>
    public bool IsProtected { get; init; }

    /// <summary>CONFIG SET answers LOADING while the data set is being loaded.</summary>
    public bool IsDeniedWhileLoading { get; init; }

    /// <summary>It names what may change under its name: CONFIG SET to the value that it has is a change too.</summary>
    public bool IsReadAgain { get; init; }

    /// <summary>A password or the like: never logged.</summary>
    public bool IsSensitive { get; init; }

    /// <summary>Why any value but the default is refused; null when it is not.</summary>
    public string? RefusedBecause { get; init; }

    /// <summary>What the directive does here.</summary>
    public DirectiveState State =>
        RefusedBecause is not null ? DirectiveState.Refused : HasEffect ? DirectiveState.Effective : DirectiveState.NotYetEffective;

    /// <summary>The value takes any number of arguments, as in <c>save 60 1000 30 1</c>.</summary>
    public virtual bool TakesSeveralArguments => false;

    /// <summary>The default, as CONFIG GET words it.</summary>
    public string Default => Get(new ServerConfig());

    /// <summary>True when a part of the server reads the value.</summary>
    protected abstract bool HasEffect { get; }

    /// <summary>The value in force, as CONFIG GET answers it.</summary>
    public abstract string Get(ServerConfig config);

    /// <summary>Sets the value from the arguments of a line of the configuration file.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="arguments">The arguments without the directive's name.</param>
    /// <param name="isRepeated">An earlier line named the directive too: what it set may be added to.</param>
    /// <returns>Why the value is not accepted, in Redis's words; null when it is set.</returns>
    public string? SetLine(ServerConfig config, IReadOnlyList<string> arguments, bool isRepeated)
    {
        if (!TakesSeveralArguments && arguments.Count != 1) return WrongNumberOfArguments;
        if (TakesSeveralArguments && arguments is [{ Length: > 0 } only])
        {
            if (!ConfigLine.TrySplit(only, out var parts)) return "Unbalanced quotes in configuration line";
            arguments = parts;
        }

        return SetChecked(config, arguments, isRepeated);
    }

    /// <summary>Sets the value from one text, as CONFIG SET does.</summary>
    /// <returns>Why the value is not accepted, in Redis's words; null when it is set.</returns>
    public string? SetText(ServerConfig config, string value)
    {
        if (!TakesSeveralArguments) return SetChecked(config, [value], isRepeated: false);
        return SetChecked(config, value.Length == 0 ? [] : value.Split(' '), isRepeated: false);
    }

    /// <summary>Writes the directive's lines for CONFIG REWRITE.</summary>
    internal abstract void Rewrite(ServerConfig config, ConfigContent content);

    /// <summary>Sets the value; see <see cref="SetLine"/>.</summary>
    protected abstract string? Set(ServerConfig config, IReadOnlyList<string> arguments, bool isRepeated);

    private string? SetChecked(ServerConfig config, IReadOnlyList<string> arguments, bool isRepeated)
    {
        if (RefusedBecause is null) return Set(config, arguments, isRepeated);
        var trial = new ServerConfig();
        var reason = Set(trial, arguments, isRepeated);
        if (reason is not null) return reason;
        return string.Equals(Get(trial), Default, StringComparison.Ordinal) ? null : RefusedBecause;
    }
}
