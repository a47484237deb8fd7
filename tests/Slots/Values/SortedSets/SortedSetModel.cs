using System.Globalization;
using System.Text;
using Starling.Slots.Keyspace;
using Starling.Slots.Values;
using Starling.Slots.Values.SortedSets;

namespace Starling.Slots.Tests.Values.SortedSets;

/// <summary>A sorted set beside a dictionary that is sorted whenever somebody asks.</summary>
internal sealed class SortedSetModel : IDisposable
{
    private static readonly double[] OddScores =
        [0, -0.0, 1, 1.5, -3, 1e300, double.PositiveInfinity, double.NegativeInfinity, 0.1, 5e-324, 4e18];

    private readonly ValueOptions _options;
    private readonly long _empty;
    private readonly int _members;
    private readonly int _scores;

    public SortedSetModel(ValueOptions options, int members, int scores)
    {
        _options = options;
        _members = members;
        _scores = scores;
        Keyspace.ValueOptions = options;
        Keyspace[0].SetString(Key, "x"u8, Entry.NoExpiry, 0);
        Keyspace[0].Remove(Key);
        _empty = Keyspace.UsedBytes;
    }

    public Keyspace.Keyspace Keyspace { get; } = new(new KeyspaceOptions { HashSeed = 3 });

    public Dictionary<string, double> Elements { get; } = [];

    public int Levels => Keyspace[0].TryFind(Key, out var entry) ? SortedSetChecker.Levels(entry) : 0;

    private Key Key => Keyspace.Key("zset"u8);

    public List<KeyValuePair<string, double>> Sorted()
    {
        var sorted = Elements.ToList();
        sorted.Sort((x, y) => x.Value != y.Value
            ? x.Value.CompareTo(y.Value)
            : Bytes(x.Key).AsSpan().SequenceCompareTo(Bytes(y.Key)));
        return sorted;
    }

    public void Run(uint operation)
    {
        var random = new Random((int)operation);
        switch (operation % 8)
        {
            case 0:
                Remove(Member(random));
                break;
            case 1 when operation % 64 == 1:
                RemoveRange(random);
                break;
            case 2:
                LookUp(random);
                break;
            case 3:
                LookAtRange(random);
                break;
            default:
                Change(Member(random), Score(random), (SortedSetConditions)random.Next(32));
                break;
        }
    }

    public void Grow(Random random) => Change(Member(random), Score(random), SortedSetConditions.None);

    public void Change(string member, double score, SortedSetConditions conditions)
    {
        var set = Open();
        var isThere = Elements.TryGetValue(member, out var old);
        var change = set.Change(Bytes(member), score, conditions, out var result);
        var sum = isThere && conditions.HasFlag(SortedSetConditions.Increment) ? old + score : score;
        var isRefused = isThere
            ? conditions.HasFlag(SortedSetConditions.OnlyNew)
                || (conditions.HasFlag(SortedSetConditions.OnlyGreater) && sum <= old)
                || (conditions.HasFlag(SortedSetConditions.OnlyLess) && sum >= old)
            : conditions.HasFlag(SortedSetConditions.OnlyPresent);
        var expected = isRefused ? SortedSetChange.Refused
            : double.IsNaN(sum) ? SortedSetChange.NotANumber
            : !isThere ? SortedSetChange.Added
            : sum == old ? SortedSetChange.Unchanged : SortedSetChange.Updated;
        Assert.Equal(expected, change);
        if (change is not (SortedSetChange.Added or SortedSetChange.Updated)) return;
        Assert.Equal(sum, result);
        Elements[member] = sum;
    }

    public void Remove(string member) => Assert.Equal(Elements.Remove(member), Open().Remove(Bytes(member)));

    public void RemoveRange(Random random)
    {
        var sorted = Sorted();
        if (sorted.Count == 0) return;
        var from = random.Next(sorted.Count);
        var count = Math.Min(random.Next(1, 200), sorted.Count - from);
        Open().Remove(from, count);
        foreach (var (member, _) in sorted.GetRange(from, count)) Elements.Remove(member);
    }

    public void LookUp(Random random)
    {
        var set = Open();
        var sorted = Sorted();
        var member = Member(random);
        var index = sorted.FindIndex(x => x.Key == member);
        Assert.Equal(index >= 0, set.TryRank(Bytes(member), out var rank, out var score));
        Assert.Equal(index, rank);
        if (index >= 0) Assert.Equal(sorted[index].Value, score);
        score = Score(random);
        Assert.Equal(sorted.Count(x => x.Value < score), set.RankOf(SortedSetCut.Before(score)));
        Assert.Equal(sorted.Count(x => x.Value <= score), set.RankOf(SortedSetCut.Behind(score)));
        Assert.Equal(0, set.RankOf(SortedSetCut.Start));
        Assert.Equal(sorted.Count, set.RankOf(SortedSetCut.End));
    }

    public void LookAtRange(Random random)
    {
        var sorted = Sorted();
        if (sorted.Count == 0) return;
        var from = random.Next(sorted.Count);
        var count = random.Next(1, sorted.Count - from + 1);
        Assert.Equal(Texts(sorted.GetRange(from, count)), Read(Open().Range(from, count)));
        var expected = sorted.GetRange(from - Math.Min(from, count - 1), Math.Min(from + 1, count));
        expected.Reverse();
        Assert.Equal(Texts(expected), Read(Open().Range(from, expected.Count, backward: true)));
    }

    public void Verify()
    {
        var set = Open();
        Assert.Equal(Elements.Count, set.Count);
        Assert.Equal(Elements.Count > 0, set.Exists);
        Assert.Equal(Texts(Sorted()), Read(set.Range(0, set.Count)));
        if (Keyspace[0].TryFind(Key, out var entry)) SortedSetChecker.Check(entry, _options);
    }

    public void DeleteAll()
    {
        Keyspace[0].Remove(Key);
        Elements.Clear();
        while (Keyspace.Freeing.FreeSome())
        {
        }

        Assert.Equal(_empty, Keyspace.UsedBytes);
    }

    public SortedSetValue Open()
    {
        Keyspace[0].TryFind(Key, out var entry);
        return Keyspace[0].Open<SortedSetValue>(Key, entry, 0);
    }

    public void Dispose() => Keyspace.Dispose();

    public static List<string> Read(SortedSetRange range)
    {
        var texts = new List<string>();
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        foreach (var element in range)
            texts.Add(Text(SavedKeys.Text(element.Member.Text(scratch)), element.Score));
        return texts;
    }

    public static string Text(string member, double score) => member + "=" + (score + 0.0).ToString("R", CultureInfo.InvariantCulture);

    private static List<string> Texts(List<KeyValuePair<string, double>> elements) =>
        elements.ConvertAll(x => Text(x.Key, x.Value));

    private static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    private string Member(Random random)
    {
        var number = random.Next(_members);
        return (number % 5) switch
        {
            0 => number.ToString(CultureInfo.InvariantCulture),
            1 => new string('m', number % 9) + number,
            2 => "\0\u00ff" + number,
            _ => "member:" + number,
        };
    }

    private double Score(Random random) =>
        random.Next(4) == 0 ? OddScores[random.Next(OddScores.Length)] : random.Next(_scores) / 4.0;
}
