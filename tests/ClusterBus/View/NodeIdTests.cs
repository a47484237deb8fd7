using System.Text;
using Starling.ClusterBus.View;

namespace Starling.ClusterBus.Tests.View;

public sealed class NodeIdTests
{
    [Fact]
    public void A_name_is_written_as_it_was_read() => Samples.ForAllSeeds(random =>
    {
        var id = random.NextNodeId();
        return NodeId.TryParse(id.ToString().AsSpan(), out var back) && back == id && NodeId.TryParse(Encoding.ASCII.GetBytes(id.ToString()), out back) && back == id;
    });

    [Fact]
    public void Names_sort_as_their_text_does() => Samples.ForAllSeeds(random =>
    {
        var (left, right) = (random.NextNodeId(), random.NextNodeId());
        return Math.Sign(left.CompareTo(right)) == Math.Sign(string.CompareOrdinal(left.ToString(), right.ToString()));
    });

    [Theory]
    [InlineData("")]
    [InlineData("07c37dfeb235213a872192d90877d0cd55635b9")]
    [InlineData("07c37dfeb235213a872192d90877d0cd55635b911")]
    [InlineData("07C37dfeb235213a872192d90877d0cd55635b91")]
    [InlineData("07g37dfeb235213a872192d90877d0cd55635b91")]
    public void Anything_but_forty_lower_case_digits_is_no_name(string text) => Assert.False(NodeId.TryParse(text.AsSpan(), out _));

    [Fact]
    public void A_slot_set_agrees_with_a_set_of_numbers() => Samples.ForAllSeeds(random =>
    {
        var slots = new SlotSet();
        var model = new SortedSet<int>();
        for (var i = 0; i < 200; i++)
        {
            var slot = random.Next(2) == 0 ? random.Next(16384) : 16300 + random.Next(84);
            if (random.Next(3) == 0 ? slots.Remove(slot) != model.Remove(slot) : slots.Add(slot) != model.Add(slot)) return false;
        }

        var listed = new List<int>();
        foreach (var (first, last) in slots.Ranges()) listed.AddRange(Enumerable.Range(first, last - first + 1));
        return listed.SequenceEqual(model) && slots.Count == model.Count && new SlotSet(slots.Bytes).Equals(slots);
    });
}
