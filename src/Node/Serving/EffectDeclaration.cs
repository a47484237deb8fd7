using Starling.Node.Execution;

namespace Starling.Node.Serving;

/// <summary>Effects of few arguments: see <see cref="CommandContext.BeginEffect"/>.</summary>
public static class EffectDeclaration
{
    /// <summary>Declares an effect of one argument behind the command's name.</summary>
    public static void Effect(this CommandContext call, EffectArgument name, EffectArgument first)
    {
        using var effect = call.BeginEffect();
        effect.Add(name);
        effect.Add(first);
    }

    /// <summary>Declares an effect of two arguments behind the command's name.</summary>
    public static void Effect(this CommandContext call, EffectArgument name, EffectArgument first, EffectArgument second)
    {
        using var effect = call.BeginEffect();
        effect.Add(name);
        effect.Add(first);
        effect.Add(second);
    }

    /// <summary>Declares an effect of three arguments behind the command's name.</summary>
    public static void Effect(
        this CommandContext call, EffectArgument name, EffectArgument first, EffectArgument second, EffectArgument third)
    {
        using var effect = call.BeginEffect();
        effect.Add(name);
        effect.Add(first);
        effect.Add(second);
        effect.Add(third);
    }

    /// <summary>Declares an effect of four arguments behind the command's name.</summary>
    public static void Effect(
        this CommandContext call,
        EffectArgument name,
        EffectArgument first,
        EffectArgument second,
        EffectArgument third,
        EffectArgument fourth)
    {
        using var effect = call.BeginEffect();
        effect.Add(name);
        effect.Add(first);
        effect.Add(second);
        effect.Add(third);
        effect.Add(fourth);
    }
}
