namespace Starling.Node.Config;

/// <summary>
/// shutdown-on-sigint and shutdown-on-sigterm: several words out of default, save, nosave, now, force.
/// </summary>
internal sealed class ShutdownFlagsDirective(string name, Setting<string> setting) : Directive(name)
{
    private static readonly string[] Words = ["default", "save", "nosave", "now", "force"];

    /// <inheritdoc/>
    public override bool TakesSeveralArguments => true;

    /// <inheritdoc/>
    protected override bool HasEffect => setting.HasEffect;

    /// <inheritdoc/>
    public override string Get(ServerConfig config) => setting.Get(config);

    /// <inheritdoc/>
    internal override void Rewrite(ServerConfig config, ConfigContent content) =>
        content.Write(Name, Get(config), isDefault: Get(config) == Default);

    /// <inheritdoc/>
    protected override string? Set(ServerConfig config, IReadOnlyList<string> arguments, bool isRepeated)
    {
        var chosen = new bool[Words.Length];
        foreach (var argument in arguments)
        {
            var index = Array.FindIndex(Words, word => word.Equals(argument, StringComparison.OrdinalIgnoreCase));
            if (index < 0) return ChoiceDirective.NotAmong(Words);
            chosen[index] = true;
        }

        if (arguments.Count == 0) return ChoiceDirective.NotAmong(Words);
        if (chosen[1] && chosen[2]) return "shutdown options SAVE and NOSAVE can't be used simultaneously";
        var words = Words.Where((_, index) => index > 0 && chosen[index]).DefaultIfEmpty(Words[0]);
        setting.Set(config, string.Join(' ', words));
        return null;
    }
}
