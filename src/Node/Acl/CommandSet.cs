namespace Starling.Node.Acl;

/// <summary>A set of commands and subcommands of one table: a bit for each of its rows. Never changes.</summary>
internal readonly struct CommandSet
{
    private const int BitsOfWord = 64;

    private readonly ulong[] _words;

    private CommandSet(ulong[] words) => _words = words;

    /// <summary>The empty set.</summary>
    /// <param name="rows">How many rows the table has.</param>
    public static CommandSet Empty(int rows) => new(new ulong[(rows + BitsOfWord - 1) / BitsOfWord]);

    /// <summary>The set of some rows.</summary>
    /// <param name="rows">How many rows the table has.</param>
    /// <param name="members">Those that are in the set.</param>
    public static CommandSet Of(int rows, IEnumerable<CommandRow> members)
    {
        var set = Empty(rows);
        foreach (var member in members) set._words[member.Ordinal / BitsOfWord] |= 1UL << (member.Ordinal % BitsOfWord);
        return set;
    }

    /// <summary>True when a row is in the set.</summary>
    public bool Contains(CommandRow row) => (_words[row.Ordinal / BitsOfWord] >> (row.Ordinal % BitsOfWord) & 1) != 0;

    /// <summary>True when both sets have the same rows.</summary>
    public bool IsSame(CommandSet other) => _words.AsSpan().SequenceEqual(other._words);

    /// <summary>The rows of both sets.</summary>
    public CommandSet With(CommandSet other)
    {
        var words = (ulong[])_words.Clone();
        for (var i = 0; i < words.Length; i++) words[i] |= other._words[i];
        return new CommandSet(words);
    }

    /// <summary>The rows of this set that are not in another.</summary>
    public CommandSet Without(CommandSet other)
    {
        var words = (ulong[])_words.Clone();
        for (var i = 0; i < words.Length; i++) words[i] &= ~other._words[i];
        return new CommandSet(words);
    }
}
