using System.ComponentModel;

namespace Starling.Transport;

/// <summary>Waits with epoll, on Linux.</summary>
public sealed class EpollPoller : IPoller
{
    private const int MostEvents = 256;

    private readonly Epoll _epoll = new(MostEvents);
    private PollSource?[] _byDescriptor = []; // the system gives out the lowest that is free

    /// <inheritdoc/>
    public IReadOnlyCollection<PollSource> Watched => [.. _byDescriptor.OfType<PollSource>()];

    /// <inheritdoc/>
    public void Add(PollSource source)
    {
        var descriptor = (int)source.Descriptor;
        if (descriptor >= _byDescriptor.Length)
            Array.Resize(ref _byDescriptor, Math.Max(descriptor + 1, _byDescriptor.Length * 2));
        _epoll.Add(descriptor, Events(source));
        _byDescriptor[descriptor] = source;
    }

    /// <inheritdoc/>
    public void Change(PollSource source) => _epoll.Modify((int)source.Descriptor, Events(source));

    /// <inheritdoc/>
    public void Remove(PollSource source)
    {
        _epoll.Remove((int)source.Descriptor);
        _byDescriptor[source.Descriptor] = null;
    }

    /// <inheritdoc/>
    public int Wait(int milliseconds) => _epoll.Wait(milliseconds);

    /// <inheritdoc/>
    public PollSource? Ready(int index, out Readiness readiness)
    {
        var (descriptor, events) = _epoll.Ready(index);
        readiness = Readiness.None;
        if ((events & Epoll.In) != 0) readiness |= Readiness.Readable;
        if ((events & Epoll.Out) != 0) readiness |= Readiness.Writable;
        if ((events & ~(Epoll.In | Epoll.Out)) != 0) readiness |= Readiness.Broken;
        return (uint)descriptor < (uint)_byDescriptor.Length ? _byDescriptor[descriptor] : null;
    }

    /// <inheritdoc/>
    /// <exception cref="Win32Exception">The system refuses.</exception>
    public void Wake() => _epoll.Wake();

    /// <inheritdoc/>
    public void Dispose() => _epoll.Dispose();

    private static uint Events(PollSource source) =>
        (source.Wants.HasFlag(Readiness.Readable) ? Epoll.In : 0) | (source.Wants.HasFlag(Readiness.Writable) ? Epoll.Out : 0);
}
