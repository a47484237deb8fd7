using System.Text;
using Starling.Slots.Keyspace;
using Starling.Slots.Values;

namespace Starling.Slots.Tests.Values;

/// <summary>A list does what an array of its elements does, whatever the sizes of its nodes.</summary>
public sealed class ListModelTests
{
    [Theory]
    [InlineData(-2, 0)]
    [InlineData(-1, 0)]
    [InlineData(1, 0)]
    [InlineData(3, 0)]
    [InlineData(16, 0)]
    [InlineData(4, 5)]
    [InlineData(-2, 1)]
    public void A_list_agrees_with_an_array(int listpackSize, long packedThreshold) =>
        Operations.Check(15, 600, operations =>
        {
            var options = new ValueOptions { ListMaxListpackSize = listpackSize, ListPackedThreshold = packedThreshold };
            using var model = new Model(options);
            foreach (var operation in operations) model.Run(operation);
            model.Verify();
            model.DeleteAll();
        });

    [Theory]
    [InlineData(2)]
    [InlineData(-1)]
    public void A_list_of_several_levels_agrees_with_an_array_while_it_grows_and_shrinks_anywhere(int listpackSize)
    {
        var options = new ValueOptions { ListMaxListpackSize = listpackSize };
        for (var seed = 1; seed <= 3; seed++)
        {
            using var model = new Model(options);
            var random = new Random(seed);
            for (var i = 0; i < 6000; i++) model.GrowSomewhere(random);
            model.Verify();
            Assert.True(model.Levels >= (listpackSize > 0 ? 3 : 1), $"seed {seed}");
            for (var i = 0; i < 300; i++) model.CutSomewhere(random);
            model.Verify();
            for (var i = 0; i < 2000; i++) model.GrowSomewhere(random);
            model.Verify();
            while (model.Elements.Count > 1) model.CutSomewhere(random);
            model.Verify();
            model.DeleteAll();
        }
    }

    [Fact]
    public void Pushing_and_popping_at_both_ends_moves_few_bytes()
    {
        // A queue that goes through a list: it must neither grow nor slow down.
        using var model = new Model(ValueOptions.Default);
        for (var i = 0; i < 400; i++) model.Push(i, atHead: false);
        var before = 0L;
        for (var i = 0; i < 20_000; i++)
        {
            model.Push(i, atHead: i % 2 == 0);
            model.RemoveAt(i % 2 == 0 ? model.Elements.Count - 1 : 0);
            if (i == 10_000) before = model.UsedBytes;
        }

        Assert.InRange(model.UsedBytes, before / 2, before * 2);
        model.Verify();
    }

    [Fact]
    public void The_hot_operations_allocate_no_managed_memory()
    {
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions());
        Work(keyspace);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Work(keyspace);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void Work(Keyspace.Keyspace keyspace)
    {
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        var key = keyspace.Key("list"u8);
        for (var i = 0; i < 2000; i++)
        {
            using var held = keyspace.LockSlot(key.Slot);
            keyspace[0].TryFind(key, out var entry);
            var list = keyspace[0].Open<ListValue>(key, entry, 1);
            list.Push("some element of some length"u8, atHead: i % 2 == 0);
            list.Push("12345"u8, atHead: false);
            if (list.At(list.Count / 2).Text(scratch).IsEmpty) throw new InvalidOperationException();
            list.Set(list.Count / 2, "another"u8);
            if (i % 3 == 0) list.Remove(0, 1);
        }

        keyspace[0].Remove(key);
    }

    private sealed class Model : IDisposable
    {
        private readonly Keyspace.Keyspace _keyspace = new(new KeyspaceOptions { HashSeed = 3 });
        private readonly ValueOptions _options;
        private readonly long _empty;

        public Model(ValueOptions options)
        {
            _options = options;
            _keyspace.ValueOptions = options;
            var key = _keyspace.Key("list"u8);
            _keyspace[0].SetString(key, "x"u8, Entry.NoExpiry, 0);
            _keyspace[0].Remove(key);
            _empty = _keyspace.UsedBytes;
        }

        public List<byte[]> Elements { get; } = [];

        public long UsedBytes => _keyspace.UsedBytes;

        public int Levels
        {
            get
            {
                _keyspace[0].TryFind(_keyspace.Key("list"u8), out var entry);
                return ListChecker.Levels(entry);
            }
        }

        public void Run(uint operation)
        {
            var random = new Random((int)(operation >> 1));
            switch (operation % 16)
            {
                case < 5: PushNew(random, atHead: random.Next(2) == 0); break;
                case < 8: InsertNew(random); break;
                case < 10: SetNew(random); break;
                case < 13: RemoveSome(random); break;
                case 13: RemoveEqual(random); break;
                case 14: Trim(random); break;
                default: LookFor(random); break;
            }

            if (operation % 64 == 5) Verify();
        }

        public void GrowSomewhere(Random random)
        {
            if (random.Next(4) == 0) PushNew(random, random.Next(2) == 0);
            else InsertNew(random);
        }

        public void CutSomewhere(Random random)
        {
            var index = random.Next(Elements.Count);
            var count = Math.Min(random.Next(1, 40), Math.Min(Elements.Count - index, Elements.Count - 1));
            if (count == 0) return;
            var list = Open();
            list.Remove(index, count);
            Elements.RemoveRange(index, count);
        }

        public void Push(int number, bool atHead)
        {
            var element = Encoding.ASCII.GetBytes("element number " + number);
            Open().Push(element, atHead);
            Elements.Insert(atHead ? 0 : Elements.Count, element);
        }

        public void RemoveAt(int index)
        {
            Open().Remove(index, 1);
            Elements.RemoveAt(index);
        }

        public void Verify()
        {
            Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
            var list = Open();
            Assert.Equal(Elements.Count, list.Count);
            Assert.Equal(Elements.Count > 0, list.Exists);
            if (!list.Exists) return;
            _keyspace[0].TryFind(_keyspace.Key("list"u8), out var entry);
            ListChecker.Check(entry, _options);
            var at = 0;
            foreach (var element in list.Range(0, list.Count)) AssertIs(Elements[at++], element.Text(scratch));
            foreach (var element in list.Range(list.Count - 1, list.Count, backward: true))
                AssertIs(Elements[--at], element.Text(scratch));
            for (var i = 0; i < Elements.Count; i += 1 + (Elements.Count / 50))
                AssertIs(Elements[i], list.At(i).Text(scratch));
            VerifyCopy(entry);
        }

        public void DeleteAll()
        {
            var key = _keyspace.Key("list"u8);
            _keyspace[0].Remove(key);
            FreeAll();
            Assert.Equal(_empty, _keyspace.UsedBytes);
            Elements.Clear();
        }

        public void Dispose()
        {
            _keyspace[0].Clear();
            FreeAll();
            Assert.Equal(0, _keyspace.UsedBytes);
            _keyspace.Dispose();
        }

        private void FreeAll()
        {
            while (_keyspace.Freeing.FreeSome())
            {
            }
        }

        private static void AssertIs(byte[] expected, ReadOnlySpan<byte> actual) =>
            Assert.True(actual.SequenceEqual(expected));

        /// <summary>A copy in another database is equal and gives its memory back.</summary>
        private void VerifyCopy(in Entry entry)
        {
            var key = _keyspace.Key("list"u8);
            Assert.True(_keyspace[0].Copy(key, _keyspace[1], key));
            Assert.True(_keyspace[1].TryFind(key, out var copy));
            ListChecker.Check(copy, _options);
            Assert.Equal(ContentRecorder.Of(entry), ContentRecorder.Of(copy));
            Assert.True(entry.EncodingName.SequenceEqual(copy.EncodingName));
            _keyspace[1].Clear();
        }

        private void PushNew(Random random, bool atHead)
        {
            var element = NewElement(random);
            Open().Push(element, atHead);
            Elements.Insert(atHead ? 0 : Elements.Count, element);
        }

        private void InsertNew(Random random)
        {
            if (Elements.Count == 0)
            {
                PushNew(random, atHead: true);
                return;
            }

            var index = random.Next(Elements.Count + 1);
            var element = NewElement(random);
            Open().Insert(index, element);
            Elements.Insert(index, element);
        }

        private void SetNew(Random random)
        {
            if (Elements.Count == 0) return;
            var index = random.Next(Elements.Count);
            var element = NewElement(random);
            Open().Set(index, element);
            Elements[index] = element;
        }

        private void RemoveSome(Random random)
        {
            if (Elements.Count == 0) return;
            var index = random.Next(3) switch { 0 => 0, 1 => Elements.Count - 1, _ => random.Next(Elements.Count) };
            var count = Math.Min(Elements.Count - index, random.Next(4) == 0 ? random.Next(20) : 1);
            Open().Remove(index, count);
            Elements.RemoveRange(index, count);
        }

        private void RemoveEqual(Random random)
        {
            var element = AnyElement(random);
            var limit = random.Next(3) == 0 ? int.MaxValue : random.Next(1, 4);
            var backward = random.Next(2) == 0;
            var expected = 0;
            for (var i = 0; i < Elements.Count && expected < limit;)
            {
                var at = backward ? Elements.Count - 1 - i : i;
                if (!Elements[at].AsSpan().SequenceEqual(element))
                {
                    i++;
                    continue;
                }

                Elements.RemoveAt(at);
                expected++;
            }

            Assert.Equal(expected, Open().RemoveEqual(new ListNeedle(element), limit, backward));
        }

        private void Trim(Random random)
        {
            if (Elements.Count < 30) return;
            var from = random.Next(Elements.Count / 2);
            var end = random.Next(from + 1, Elements.Count + 1);
            var list = Open();
            list.Remove(end, list.Count - end);
            list.Remove(0, from);
            Elements.RemoveRange(end, Elements.Count - end);
            Elements.RemoveRange(0, from);
        }

        private void LookFor(Random random)
        {
            var element = AnyElement(random);
            var list = Open();
            if (!list.Exists) return;
            var needle = new ListNeedle(element);
            Assert.Equal(Elements.FindIndex(x => x.AsSpan().SequenceEqual(element)), list.Find(needle, 0));
            Assert.Equal(
                Elements.FindLastIndex(x => x.AsSpan().SequenceEqual(element)),
                list.Find(needle, list.Count - 1, backward: true));
        }

        private byte[] AnyElement(Random random) =>
            Elements.Count > 0 && random.Next(4) > 0 ? Elements[random.Next(Elements.Count)] : NewElement(random);

        private static byte[] NewElement(Random random)
        {
            switch (random.Next(10))
            {
                case 0: return [];
                case < 4: return Encoding.ASCII.GetBytes(random.Next(5).ToString());
                case 4: return Encoding.ASCII.GetBytes((random.NextInt64() >> random.Next(64)).ToString());
                case 5: return Encoding.ASCII.GetBytes((-random.NextInt64() >> random.Next(64)).ToString());
                case 6: return Encoding.ASCII.GetBytes("0" + random.Next(5));
                default:
                    var bytes = new byte[random.Next(20) switch { 0 => random.Next(20_000), 1 or 2 => random.Next(300), _ => random.Next(12) }];
                    random.NextBytes(bytes);
                    return bytes;
            }
        }

        private ListValue Open()
        {
            var key = _keyspace.Key("list"u8);
            _keyspace[0].TryFind(key, out var entry);
            return _keyspace[0].Open<ListValue>(key, entry, 1);
        }
    }
}
