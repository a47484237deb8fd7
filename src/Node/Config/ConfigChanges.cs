using Starling.Slots;

namespace Starling.Node.Config;

/// <summary>
/// Changes the configuration of a running server, all or nothing, and tells the parts that asked. Its lock makes
/// changes one at a time; it
/// is taken with stripes held (CONFIG SET in a transaction) or without, and what runs under it takes no stripe.
/// </summary>
public sealed class ConfigChanges
{
    private readonly RankedLock _lock = new(LockRank.Configuration, nameof(ConfigChanges));
    private readonly Dictionary<string, List<Func<string?>>> _applies = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>See <see cref="ServerConfig.OnChange"/>.</summary>
    public void OnChange(string directive, Action action) =>
        OnApply(directive, () =>
        {
            action();
            return null;
        });

    /// <summary>See <see cref="ServerConfig.OnApply"/>.</summary>
    public void OnApply(string directive, Func<string?> apply)
    {
        var known = DirectiveTable.Find(directive) ?? throw new ArgumentException("no such directive", nameof(directive));
        using (_lock.Enter())
        {
            if (!_applies.TryGetValue(known.Name, out var applies)) _applies[known.Name] = applies = [];
            applies.Add(apply);
        }
    }

    /// <summary>Sets several directives, or none of them when one cannot be.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="settings">Directives, each at most once, and their new values as one text each.</param>
    /// <param name="failed">The directive that is to blame.</param>
    /// <param name="reason">Why, in Redis's words.</param>
    public bool TrySet(
        ServerConfig config,
        IReadOnlyList<(Directive Directive, string Value)> settings,
        out Directive? failed,
        out string? reason)
    {
        using (_lock.Enter())
        {
            var before = new string[settings.Count];
            for (var i = 0; i < before.Length; i++) before[i] = settings[i].Directive.Get(config);

            for (var i = 0; i < before.Length; i++)
            {
                reason = settings[i].Directive.SetText(config, settings[i].Value);
                if (reason is null) continue;
                failed = settings[i].Directive;
                Restore(config, settings, before, i);
                return false;
            }

            var done = new HashSet<Func<string?>>();
            foreach (var (directive, _) in Changed(config, settings, before))
            {
                reason = Apply(directive, done);
                if (reason is null) continue;
                failed = directive;
                Restore(config, settings, before, before.Length);
                foreach (var apply in done) apply();
                return false;
            }

            failed = null;
            reason = null;
            return true;
        }
    }

    private static IEnumerable<(Directive Directive, string Value)> Changed(
        ServerConfig config,
        IReadOnlyList<(Directive Directive, string Value)> settings,
        string[] before)
    {
        for (var i = 0; i < before.Length; i++)
        {
            var directive = settings[i].Directive;
            if (directive.IsReadAgain || !string.Equals(directive.Get(config), before[i], StringComparison.Ordinal)) yield return settings[i];
        }
    }

    private static void Restore(
        ServerConfig config,
        IReadOnlyList<(Directive Directive, string Value)> settings,
        string[] before,
        int count)
    {
        for (var i = 0; i < count; i++)
        {
            var reason = settings[i].Directive.SetText(config, before[i]);
            Invariant.That(reason is null, "a directive accepts the value that it had");
        }
    }

    private string? Apply(Directive directive, HashSet<Func<string?>> done)
    {
        if (!_applies.TryGetValue(directive.Name, out var applies)) return null;
        foreach (var apply in applies)
        {
            if (!done.Add(apply)) continue;
            var reason = apply();
            if (reason is not null) return reason;
        }

        return null;
    }
}
