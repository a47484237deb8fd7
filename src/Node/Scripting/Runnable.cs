namespace Starling.Node.Scripting;

/// <summary>What runs in a Lua state: a script that a client has sent, or a function of a library.</summary>
internal abstract class Runnable
{
    private volatile bool _strays;

    /// <summary>What errors call it: a script's hash, a function's name.</summary>
    public abstract byte[] Name { get; }

    /// <summary>It says what it may do: <see cref="Flags"/>.</summary>
    public abstract bool SaysFlags { get; }

    /// <summary>What it may do.</summary>
    public abstract ScriptFlags Flags { get; }

    /// <summary>It is a function of a library: FUNCTION KILL ends it, not SCRIPT KILL.</summary>
    public abstract bool IsFunction { get; }

    /// <summary>Its source shows that it touches keys that it declares, and no others (<see cref="KeyUse"/>).</summary>
    public abstract bool IsConfined { get; }

    /// <summary>It runs with every stripe held.</summary>
    public abstract bool TakesEverything { get; }

    /// <summary>
    /// It was about to write, or touched a key that it does not declare, while it did not hold everything: from then on it does.
    /// </summary>
    public bool Strays
    {
        get => _strays;
        set => _strays = value;
    }
}
