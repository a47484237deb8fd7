using System.Collections;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text;

namespace Starling.Serving;

/// <summary>A set of ACL categories, without '@'; counts them in the order in which Redis has them.</summary>
[CollectionBuilder(typeof(AclCategories), nameof(Of))]
public readonly record struct AclCategories : IEnumerable<string>
{
    private static readonly string[] Names =
    [
        "keyspace", "read", "write", "set", "sortedset", "list", "hash", "string", "bitmap", "hyperloglog", "geo", "stream",
        "pubsub", "admin", "fast", "slow", "blocking", "dangerous", "connection", "transaction", "scripting",
    ];

    private readonly uint _set; // a bit for each of the names

    private AclCategories(uint set) => _set = set;

    /// <summary>The names of all categories, in the order in which Redis has them.</summary>
    public static IReadOnlyList<string> AllNames => Names;

    /// <summary>Number of categories.</summary>
    public int Count => BitOperations.PopCount(_set);

    /// <summary>A set of categories by their names.</summary>
    /// <exception cref="ArgumentException">One of them is no category.</exception>
    public static AclCategories Of(params ReadOnlySpan<string> names)
    {
        var set = 0u;
        foreach (var name in names)
        {
            var index = Array.IndexOf(Names, name);
            if (index < 0) throw new ArgumentException($"'{name}' is no ACL category", nameof(names));
            set |= 1u << index;
        }

        return new AclCategories(set);
    }

    /// <summary>Finds the category of a name in any case; false when there is none.</summary>
    public static bool TryFind(ReadOnlySpan<byte> name, out AclCategories category)
    {
        for (var i = 0; i < Names.Length; i++)
        {
            if (!Ascii.EqualsIgnoreCase(name, Names[i])) continue;
            category = new AclCategories(1u << i);
            return true;
        }

        category = default;
        return false;
    }

    /// <summary>A set of categories by their names.</summary>
    public static implicit operator AclCategories(string[] names) => Of(names);

    /// <summary>The categories of both sets.</summary>
    public static AclCategories operator |(AclCategories one, AclCategories other) => new(one._set | other._set);

    /// <summary>True when a category is in the set; false for what is none.</summary>
    public bool Contains(string name) => Array.IndexOf(Names, name) is >= 0 and var index && (_set >> index & 1) != 0;

    /// <summary>True when some category is in both sets.</summary>
    public bool Intersects(AclCategories other) => (_set & other._set) != 0;

    /// <inheritdoc/>
    public IEnumerator<string> GetEnumerator()
    {
        for (var i = 0; i < Names.Length; i++)
            if ((_set >> i & 1) != 0) yield return Names[i];
    }

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
