namespace Starling.Node.Scripting;

/// <summary>A script that is known by its hash.</summary>
internal sealed class Script
{
    private volatile bool _strays;

    /// <summary>Makes one.</summary>
    /// <param name="number">No other script of this node has it.</param>
    /// <param name="source">Its source, the line that begins with "#!" included.</param>
    /// <param name="hash">The SHA-1 of the source, in 40 hexadecimal digits.</param>
    /// <param name="head">What the first line says.</param>
    /// <param name="commands">The commands that it may call.</param>
    public Script(int number, byte[] source, byte[] hash, ScriptHead head, CommandTable commands)
    {
        Number = number;
        Source = source;
        Hash = hash;
        Head = head;
        IsConfined = KeyUse.IsConfinedToDeclared(Body, commands);
    }

    /// <summary>No other script of this node has it.</summary>
    public int Number { get; }

    /// <summary>The source.</summary>
    public byte[] Source { get; }

    /// <summary>The SHA-1 of the source, in 40 lower-case hexadecimal digits.</summary>
    public byte[] Hash { get; }

    /// <summary>What the first line says.</summary>
    public ScriptHead Head { get; }

    /// <summary>The source without the first line when that is for the server; its end of line stays, so that lines keep their numbers.</summary>
    public ReadOnlySpan<byte> Body => Source.AsSpan(Head.Length);

    /// <summary>Its source shows that it touches keys that it declares, and no others (<see cref="KeyUse"/>).</summary>
    public bool IsConfined { get; }

    /// <summary>
    /// It was about to write, or touched a key that it does not declare, while it did not hold everything: from then on it does.
    /// </summary>
    public bool Strays
    {
        get => _strays;
        set => _strays = value;
    }

    /// <summary>It runs with every stripe held.</summary>
    public bool TakesEverything => !IsConfined && _strays;
}
