using Starling.Node.Serving;

namespace Starling.Node.Execution;

/// <summary>
/// Writes one effect argument by argument, and counts them itself. Disposing it ends the effect; see
/// <see cref="CommandContext.BeginEffect()"/>.
/// </summary>
public ref struct EffectBuilder
{
    private readonly EffectBuffer? _effects;
    private readonly int _start;
    private int _count;

    internal EffectBuilder(EffectBuffer? effects, int database)
    {
        _effects = effects;
        _start = effects?.BeginOpen(database) ?? 0;
    }

    /// <summary>Adds an argument; the first is the command's name.</summary>
    public void Add(scoped EffectArgument argument)
    {
        _effects?.Argument(argument);
        _count++;
    }

    /// <summary>Ends the effect.</summary>
    public readonly void Dispose() => _effects?.EndOpen(_start, _count);
}
