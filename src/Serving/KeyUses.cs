namespace Starling.Serving;

/// <summary>
/// What a command does with its keys: one set of flags for all of them, or one for each, of which the last holds for all that
/// follow. Rows write them in the words of Redis, for example "RW access delete; RW insert".
/// </summary>
public readonly struct KeyUses
{
    private static readonly (string Word, KeyFlag Flag)[] Words =
    [
        ("RO", KeyFlag.ReadOnly), ("RW", KeyFlag.ReadWrite), ("OW", KeyFlag.Overwrite), ("RM", KeyFlag.Remove),
        ("access", KeyFlag.Access), ("update", KeyFlag.Update), ("insert", KeyFlag.Insert), ("delete", KeyFlag.Delete),
        ("not_key", KeyFlag.NotKey), ("incomplete", KeyFlag.Incomplete), ("variable_flags", KeyFlag.VariableFlags),
    ];

    private static readonly KeyFlag[] Nothing = [KeyFlag.None];

    private readonly KeyFlag[]? _sets;

    private KeyUses(KeyFlag[] sets) => _sets = sets;

    /// <summary>Number of sets of flags, at least one.</summary>
    public int Count => Sets.Length;

    private KeyFlag[] Sets => _sets ?? Nothing;

    /// <summary>The flags of a key, counted from 0 among the command's keys.</summary>
    public KeyFlag this[int key] => Sets[Math.Min(key, Sets.Length - 1)];

    /// <summary>Redis's words; semicolons part the keys.</summary>
    /// <exception cref="ArgumentException">One of them is no flag.</exception>
    public static implicit operator KeyUses(string words) => new(Array.ConvertAll(words.Split(';'), ParseSet));

    /// <summary>The words of flags, in the order in which Redis tells them.</summary>
    public static IEnumerable<string> WordsOf(KeyFlag flags) =>
        Words.Where(pair => (flags & pair.Flag) != 0).Select(pair => pair.Word);

    private static KeyFlag ParseSet(string words)
    {
        var flags = KeyFlag.None;
        foreach (var word in words.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var index = Array.FindIndex(Words, pair => pair.Word == word);
            if (index < 0) throw new ArgumentException($"'{word}' is no flag of a key", nameof(words));
            flags |= Words[index].Flag;
        }

        return flags;
    }
}
