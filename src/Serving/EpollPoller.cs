using System.ComponentModel;

namespace Starling.Serving;

/// <summary>Waits with epoll, on Linux.</summary>
internal sealed class EpollPoller : IPoller
{
    private const int MostEvents = 256;

    private readonly Epoll _epoll = new(MostEvents);
    private SocketTransport?[] _byDescriptor = []; // the system gives out the lowest that is free

    /// <inheritdoc/>
    public IReadOnlyCollection<SocketTransport> Watched => [.. _byDescriptor.OfType<SocketTransport>()];

    /// <inheritdoc/>
    public void Add(SocketTransport transport)
    {
        var descriptor = (int)transport.Descriptor;
        if (descriptor >= _byDescriptor.Length)
            Array.Resize(ref _byDescriptor, Math.Max(descriptor + 1, _byDescriptor.Length * 2));
        _epoll.Add(descriptor, Events(transport));
        _byDescriptor[descriptor] = transport;
    }

    /// <inheritdoc/>
    public void Change(SocketTransport transport) => _epoll.Modify((int)transport.Descriptor, Events(transport));

    /// <inheritdoc/>
    public void Remove(SocketTransport transport)
    {
        _epoll.Remove((int)transport.Descriptor);
        _byDescriptor[transport.Descriptor] = null;
    }

    /// <inheritdoc/>
    public int Wait(int milliseconds) => _epoll.Wait(milliseconds);

    /// <inheritdoc/>
    public SocketTransport? Ready(int index, out Readiness readiness)
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

    private static uint Events(SocketTransport transport) =>
        (transport.Wants.HasFlag(Readiness.Readable) ? Epoll.In : 0) | (transport.Wants.HasFlag(Readiness.Writable) ? Epoll.Out : 0);
}
