using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Starling.Transport;

/// <summary>
/// An epoll instance of Linux (epoll(7)), level-triggered: it names the descriptors that are ready, again and again
/// until they are not. Registrations are changed from any thread; one thread waits, and any thread can wake it.
/// </summary>
/// <remarks>
/// Why not edge-triggered, where the system need not look a second time at each socket that it has named: measured with the server (150
/// paired turns of PING, SET and GET each at P=1 or P=16) that took 0.975 to 1.003 of the processor time, which is too little for having
/// to know what is left in every socket.
/// </remarks>
internal sealed class Epoll : IDisposable
{
    /// <summary>There is something to receive, or the stream has ended.</summary>
    public const uint In = 0x001;

    /// <summary>There is room to send.</summary>
    public const uint Out = 0x004;

    // The same values on every architecture that .NET runs on: O_CLOEXEC and O_NONBLOCK, epoll.h, errno.h.
    private const int CloseOnExec = 0x80000;
    private const int NonBlocking = 0x800;
    private const int ControlAdd = 1;
    private const int ControlRemove = 2;
    private const int ControlModify = 3;
    private const int Interrupted = 4;

    // struct epoll_event: 32 bits of events, 64 bits of data. Packed on x86; elsewhere the data is aligned.
    private static readonly bool IsPacked = RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.X86;
    private static readonly int EventLength = IsPacked ? 3 : 4; // in ints
    private static readonly int DataAt = IsPacked ? 1 : 2;

    private readonly int _descriptor;
    private readonly int _waker; // an eventfd
    private readonly int[] _events;

    /// <summary>Makes an instance that watches nothing.</summary>
    /// <param name="mostEvents">How many descriptors one wait names at most.</param>
    /// <exception cref="Win32Exception">The system has no descriptors left.</exception>
    public Epoll(int mostEvents)
    {
        _events = new int[mostEvents * EventLength];
        _descriptor = Create(CloseOnExec);
        if (_descriptor < 0) throw LastError();
        _waker = CreateEvent(0, CloseOnExec | NonBlocking);
        if (_waker < 0)
        {
            var error = LastError();
            _ = Close(_descriptor);
            throw error;
        }

        Add(_waker, In);
    }

    /// <summary>Begins to watch a descriptor.</summary>
    /// <exception cref="Win32Exception">The system refuses: no memory, or fs.epoll.max_user_watches.</exception>
    public void Add(int descriptor, uint events) => Control(ControlAdd, descriptor, events);

    /// <summary>Changes what a descriptor is watched for.</summary>
    public void Modify(int descriptor, uint events) => Control(ControlModify, descriptor, events);

    /// <summary>Ends watching a descriptor.</summary>
    public void Remove(int descriptor) => Control(ControlRemove, descriptor, 0);

    /// <summary>Waits until a descriptor is ready, the time is up or <see cref="Wake"/> was called.</summary>
    /// <param name="milliseconds">How long at most; 0 to only look, -1 for ever.</param>
    /// <returns>Number of ready descriptors; see <see cref="Ready"/>.</returns>
    public int Wait(int milliseconds)
    {
        while (true)
        {
            var count = Wait(_descriptor, _events, _events.Length / EventLength, milliseconds);
            if (count >= 0) return count;
            if (Marshal.GetLastPInvokeError() != Interrupted) throw LastError();
        }
    }

    /// <summary>One of those that the last wait found.</summary>
    /// <param name="index">From 0 up to the number that <see cref="Wait(int)"/> returned.</param>
    /// <returns>
    /// The descriptor and what it is ready for: <see cref="In"/>, <see cref="Out"/>, or other bits for an error or a
    /// hang-up, which come whatever is watched. -1 when it was woken.
    /// </returns>
    public (int Descriptor, uint Events) Ready(int index)
    {
        var at = index * EventLength;
        var descriptor = _events[at + DataAt];
        if (descriptor != _waker) return (descriptor, (uint)_events[at]);
        if (Read(_waker, out _, sizeof(long)) != sizeof(long)) throw LastError();
        return (-1, 0);
    }

    /// <summary>Ends this wait, or the next one, at once. Any thread, before <see cref="Dispose"/>.</summary>
    public void Wake()
    {
        var one = 1L;
        if (Write(_waker, ref one, sizeof(long)) != sizeof(long)) throw LastError();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ = Close(_waker);
        _ = Close(_descriptor);
    }

    private static Win32Exception LastError() => new(Marshal.GetLastPInvokeError());

    private void Control(int operation, int descriptor, uint events)
    {
        Span<int> item = stackalloc int[4];
        item.Clear();
        item[0] = (int)events;
        item[DataAt] = descriptor;
        if (Control(_descriptor, operation, descriptor, ref item[0]) != 0) throw LastError();
    }

    [DllImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static extern int Create(int flags);

    [DllImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static extern int Control(int epoll, int operation, int descriptor, ref int item);

    [DllImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    private static extern int Wait(int epoll, [In, Out] int[] events, int mostEvents, int milliseconds);

    [DllImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    private static extern int CreateEvent(uint value, int flags);

    [DllImport("libc", EntryPoint = "write", SetLastError = true)]
    private static extern nint Write(int descriptor, ref long value, nint length);

    [DllImport("libc", EntryPoint = "read", SetLastError = true)]
    private static extern nint Read(int descriptor, out long value, nint length);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    private static extern int Close(int descriptor);
}
