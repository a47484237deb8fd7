using System.Text;
using Starling.Slots.Keyspace;
using Starling.Slots.Values;
using Starling.Slots.Values.Elements;

namespace Starling.Slots.Tests.Values.Elements;

/// <summary>A table of elements, the views of it, and the dictionary that says what it should hold.</summary>
internal sealed unsafe class ElementModel : IDisposable
{
    public const int Slot = 77;

    private readonly Keyspace.Keyspace _keyspace = new(new KeyspaceOptions { Databases = 1 });
    private readonly KeyHash _hash;
    private readonly PairOperations _operations = new();
    private readonly long _empty;
    private ValueRoot _root;

    public ElementModel(ulong mask = ulong.MaxValue)
    {
        _hash = new KeyHash(5, mask);
        Tables = new TableSet(_hash, 2, _keyspace.Freeing);
        _empty = Tables.Heap.UsedBytes;
        _root.Address = (byte*)ElementTable.Make(Memory);
    }

    public TableSet Tables { get; }

    public FreeingQueue Freeing => _keyspace.Freeing;

    public Dictionary<string, (string Value, long ExpiresAt)> Model { get; private set; } = [];

    public ElementTable* Table => (ElementTable*)_root.Address;

    public ref ValueRoot Root => ref _root;

    public FrozenValue? Frozen => Tables.Frozen.Find(Slot, _root.Address);

    public ValueMemory Memory => new(Tables.Heap, Slot, _hash, Frozen);

    public static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    public static string Text(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);

    public void Fill(int count, Func<int, string>? value = null)
    {
        for (var i = 0; i < count; i++) Set("e" + i, value == null ? "value" + i : value(i));
    }

    public void Set(string name, string value, long expiresAt = Entry.NoExpiry)
    {
        Assert.Equal(!Model.ContainsKey(name), ElementTable.Set(Memory, Table, Bytes(name), Bytes(value), expiresAt));
        Model[name] = (value, expiresAt);
    }

    public void Remove(string name) =>
        Assert.Equal(Model.Remove(name), ElementTable.Remove(Memory, Table, Bytes(name)));

    /// <summary>Does one of everything that changes a table.</summary>
    public void Change(Random random, int names = 600)
    {
        var name = "e" + random.Next(names);
        var value = new string((char)('a' + random.Next(26)), random.Next(8) == 0 ? random.Next(3000) : random.Next(40));
        var expiresAt = random.Next(3) > 0 ? Entry.NoExpiry : random.Next(1, 100_000);
        var element = ElementTable.Find(Table, Bytes(name));
        Assert.Equal(Model.ContainsKey(name), element.IsPresent);
        switch (random.Next(7))
        {
            case 0 or 1:
                Set(name, value, expiresAt);
                break;
            case 2 or 3:
                Remove(name);
                break;
            case 4 when element.IsPresent:
                Assert.Equal(value, Text(ElementTable.Replace(Memory, Table, element, Bytes(value)).Value));
                Model[name] = (value, Model[name].ExpiresAt);
                break;
            case 5 when element.IsPresent:
                ElementTable.SetExpiry(Memory, Table, element, expiresAt);
                Model[name] = (Model[name].Value, expiresAt);
                break;
            case 6:
                var added = ElementTable.TryAdd(Memory, Table, Bytes(name), Bytes(value), out var found);
                Assert.Equal(Model.TryAdd(name, (value, Entry.NoExpiry)), added);
                Assert.Equal(Model[name].Value, Text(found.Value));
                break;
        }
    }

    public void Verify()
    {
        Assert.Equal(Model.Count, ElementTable.Count(Table));
        Assert.Equal(Model, All(Table));
        Assert.Equal(Model.Values.Count(x => x.ExpiresAt != Entry.NoExpiry), Table->Expiring);
        var bytes = 0L;
        foreach (var element in ElementTable.All(Table)) bytes += element.AllocatedBytes;
        Assert.Equal(bytes, Table->ElementBytes);
        foreach (var (name, (value, expiresAt)) in Model)
        {
            var element = ElementTable.Find(Table, Bytes(name));
            Assert.Equal((name, value, expiresAt), (Text(element.Name), Text(element.Value), element.ExpiresAt));
        }
    }

    public static Dictionary<string, (string Value, long ExpiresAt)> All(ElementTable* table)
    {
        var all = new Dictionary<string, (string Value, long ExpiresAt)>();
        foreach (var element in ElementTable.All(table))
            all.Add(Text(element.Name), (Text(element.Value), element.ExpiresAt));
        return all;
    }

    public SavedElements Freeze()
    {
        var frozen = Frozen;
        if (frozen == null)
        {
            frozen = _operations.Freeze(Tables, Slot, _root);
            Tables.Frozen.Add(frozen);
        }

        return new SavedElements(frozen, Model);
    }

    /// <summary>Leaves the table to its views, or frees it, and begins a new one.</summary>
    public void Delete()
    {
        if (Frozen is { } frozen) frozen.Detach(_root);
        else Tables.FreeValue(Slot, _operations, ref _root, lazily: true);
        _root.Address = (byte*)ElementTable.Make(new ValueMemory(Tables.Heap, Slot, _hash));
        Model = [];
    }

    public void Dispose()
    {
        Assert.Null(Frozen);
        while (Freeing.FreeSome())
        {
        }

        ElementStorage.Free(Memory, Table);
        Assert.Equal(_empty, Tables.Heap.UsedBytes);
        Tables.Dispose();
        _keyspace.Dispose();
    }
}
