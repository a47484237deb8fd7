using System.Globalization;
using System.Text;
using Starling.Tests.Support;

namespace Starling.Bench.SideBySide;

/// <summary>The bytes of one operation and the places in it that differ from one to the next.</summary>
internal sealed class CommandTemplate
{
    private const int Digits = 10;
    private const string Value = "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv";

    private readonly byte[] _bytes;
    private readonly (int At, char Kind, int Digits)[] _places;
    private readonly KeyRange _range;
    private ulong _random;

    /// <summary>Makes the operation of a text; see <see cref="CommandLoad"/>.</summary>
    /// <param name="text">The commands.</param>
    /// <param name="range">How many keys there are.</param>
    /// <param name="seed">Of the random key numbers.</param>
    public CommandTemplate(string text, KeyRange range, ulong seed)
    {
        _range = range;
        _random = seed * 2 + 1;
        var encoded = new StringBuilder();
        var commands = text.Split(';');
        foreach (var command in commands)
        {
            var words = command.Trim().Split(' ').Select(word => Placed(word.Replace("{v}", Value, StringComparison.Ordinal)));
            encoded.Append(Encoding.Latin1.GetString(RespConnection.Encode(words.ToArray())));
        }

        Commands = commands.Length;
        var places = new List<(int, char, int)>();
        for (var at = 0; at < encoded.Length; at++)
        {
            if (encoded[at] < Marker) continue;
            var digits = encoded[at + 1] - Marker;
            places.Add((at, (char)(encoded[at] - Marker), digits));
            at += digits - 1;
        }

        _places = places.ToArray();
        _bytes = Encoding.Latin1.GetBytes(encoded.ToString());
    }

    /// <summary>Replies to one operation.</summary>
    public int Commands { get; }

    /// <summary>Bytes of one operation.</summary>
    public int Length => _bytes.Length;

    /// <summary>Writes an operation into a span of <see cref="Length"/> bytes.</summary>
    /// <param name="target">Gets the bytes.</param>
    /// <param name="sequence">The number of the operation in its turn.</param>
    public void Write(Span<byte> target, long sequence)
    {
        _bytes.CopyTo(target);
        foreach (var (at, kind, digits) in _places)
        {
            var number = kind switch
            {
                'r' => Random(_range.Keys),
                'm' => Random(_range.Fewer),
                'l' => Random(_range.Lists),
                's' => sequence,
                'c' => sequence % _range.Lists,
                'd' => sequence / _range.Lists,
                'e' => sequence % KeyRange.Large,
                'g' => sequence / KeyRange.Large,
                'x' => Random(KeyRange.Large),
                'b' => Random(KeyRange.LargeElements),
                'f' => Random(KeyRange.SmallElements),
                'h' => Random(KeyRange.MediumElements),
                _ => throw new InvalidOperationException($"a load has no place of kind {kind}"),
            };
            for (var digit = at + digits - 1; digit >= at; digit--, number /= 10) target[digit] = (byte)('0' + (number % 10));
        }
    }

    /// <summary>Above ASCII, so that no text of a command can be taken for a place.</summary>
    private const char Marker = (char)0x80;

    /// <summary>
    /// Puts as many characters as it has digits in place of a number that is not known yet: its kind and those digits, both
    /// marked, then anything.
    /// </summary>
    private static string Placed(string word)
    {
        for (var open = word.IndexOf('{', StringComparison.Ordinal); open >= 0; open = word.IndexOf('{', StringComparison.Ordinal))
        {
            var close = word.IndexOf('}', open);
            var digits = close == open + 2 ? Digits : int.Parse(word.AsSpan(open + 3, close - open - 3), CultureInfo.InvariantCulture);
            var place = (char)(word[open + 1] + Marker) + ((char)(digits + Marker)).ToString() + new string('0', digits - 2);
            word = word[..open] + place + word[(close + 1)..];
        }

        return word;
    }

    private long Random(int count)
    {
        _random ^= _random << 13;
        _random ^= _random >> 7;
        _random ^= _random << 17;
        return (long)(_random % (ulong)count);
    }
}
