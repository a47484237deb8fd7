namespace Starling.Node.Scripting;

/// <summary>A script that is known by its hash.</summary>
internal sealed class Script : Runnable
{
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

    /// <inheritdoc/>
    public override byte[] Name => Hash;

    /// <inheritdoc/>
    public override bool SaysFlags => Head.IsThere;

    /// <inheritdoc/>
    public override ScriptFlags Flags => Head.Flags;

    /// <inheritdoc/>
    public override bool IsFunction => false;

    /// <inheritdoc/>
    public override bool IsConfined { get; }

    /// <inheritdoc/>
    public override bool TakesEverything => !IsConfined && Strays;
}
