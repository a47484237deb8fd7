using System.Text;
using Starling.Slots.Keyspace;
using Starling.Slots.Values.SortedSets;

namespace Starling.Slots.Tests.Values.SortedSets;

public sealed class ScoreBufferTests
{
    [Theory]
    [InlineData(1, 5)]
    [InlineData(2, 400)]
    [InlineData(3, 3000)]
    public void Records_are_found_changed_and_sorted_as_in_a_dictionary(int seed, int operations)
    {
        var random = new Random(seed);
        var buffer = new ScoreBuffer(new KeyHash(7, ulong.MaxValue));
        var model = new Dictionary<string, double>(StringComparer.Ordinal);
        for (var i = 0; i < operations; i++)
        {
            var member = new string('m', random.Next(12)) + random.Next(operations);
            double score = random.Next(6) - 3;
            var found = buffer.Find(Encoding.ASCII.GetBytes(member));
            Assert.Equal(model.ContainsKey(member), found >= 0);
            if (found >= 0)
            {
                Assert.Equal(model[member], buffer.Score(found));
                buffer.SetScore(found, score);
            }
            else
            {
                buffer.Add(Encoding.ASCII.GetBytes(member), score);
            }

            model[member] = score;
        }

        buffer.Sort();
        var sorted = model.OrderBy(pair => pair.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal).ToList();
        Assert.Equal(sorted.Count, buffer.Count);
        for (var i = 0; i < sorted.Count; i++)
        {
            Assert.Equal(sorted[i].Key, Encoding.ASCII.GetString(buffer.Member(i)));
            Assert.Equal(sorted[i].Value, buffer.Score(i));
        }

        buffer.Clear();
        Assert.Equal(0, buffer.Count);
    }

    [Fact]
    public void Members_that_collide_are_told_apart()
    {
        var buffer = new ScoreBuffer(new KeyHash(7, 0));
        for (var i = 0; i < 300; i++) buffer.Add(Encoding.ASCII.GetBytes("m" + i), i);
        for (var i = 0; i < 300; i++) Assert.Equal(i, buffer.Find(Encoding.ASCII.GetBytes("m" + i)));
        Assert.Equal(-1, buffer.Find("m300"u8));
        buffer.Clear();
    }
}
