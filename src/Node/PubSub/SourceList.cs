namespace Starling.Node.PubSub;

/// <summary>
/// Sources in the order in which they came. Adding and ending is for who holds the table's lock; reading takes no lock and sees
/// every source that was there before and has not ended.
/// </summary>
/// <typeparam name="T">What is in it.</typeparam>
internal sealed class SourceList<T>
    where T : PushSource
{
    private const int FewEnded = 8;

    private View _view = new([], 0);
    private int _ended; // of those in the view

    /// <summary>Number of sources that have not ended.</summary>
    public int Count { get; private set; }

    /// <summary>The sources as of now, some of which may have ended.</summary>
    public ReadOnlySpan<T> Items
    {
        get
        {
            var view = Volatile.Read(ref _view);
            return view.Items.AsSpan(0, view.Count);
        }
    }

    /// <summary>Adds one.</summary>
    public void Add(T item)
    {
        var view = _view;
        var items = view.Items;
        if (view.Count == items.Length)
        {
            items = new T[Math.Max(1, view.Count * 2)];
            view.Items.CopyTo(items, 0);
        }

        // Who reads looks at the first ones only, however many there are by then.
        items[view.Count] = item;
        Volatile.Write(ref _view, new View(items, view.Count + 1));
        Count++;
    }

    /// <summary>Ends one that is in it.</summary>
    public void End(T item)
    {
        item.End();
        Count--;
        _ended++;
        if (_ended <= Count + FewEnded) return;
        var left = new T[Count];
        var count = 0;
        foreach (var other in Items)
            if (!other.HasEnded) left[count++] = other;
        Volatile.Write(ref _view, new View(left, count));
        _ended = 0;
    }

    private sealed record View(T[] Items, int Count);
}
