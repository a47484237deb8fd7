using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Starling.Slots;

namespace Starling.Transport;

/// <summary>
/// The sends of a round of an I/O thread, which leave with one call to the system (io_uring). Belongs to the thread. The bytes are
/// copied: what is sent here is short, and so nobody's memory has to stay where it is.
/// </summary>
/// <remarks>
/// Why only the sends: measured with a small server in C (50 connections, PING, processor time of the server in 61 paired turns) against
/// epoll with one send a reply, epoll with this took 0.93 of the time without a pipeline and 0.92 at P=16; with io_uring for everything
/// (receives into provided buffers, over and over by one entry) it was 0.90 and 0.90. That last part is not worth what it asks for:
/// buffers in the system's hands, cancellation, and input that comes in though nobody wants it now. The server itself gained more
/// (PING at P=16: 0.75 of redis-server's time instead of 0.96), task switches being half as large a part of its time.
/// </remarks>
public sealed unsafe class SendBatch : IDisposable
{
    /// <summary>Bytes of the longest send that is put off; for longer ones the call to the system is little beside the copying.</summary>
    public const int LongestSend = 4 * 1024;

    private const int MostSends = 128;
    private const int Room = 64 * 1024;
    private const int NotDone = int.MinValue;
    private const int NothingFits = -11; // EAGAIN
    private const int Interrupted = -4; // EINTR

    private readonly IoUring _ring = new(MostSends);
    private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(Room, pinned: true);
    private readonly Item[] _items = new Item[MostSends];
    private readonly int[] _results = new int[MostSends];
    private int _count;
    private int _used;
    private bool _isSubmitting;

    /// <summary>Makes a batch without sends.</summary>
    /// <exception cref="Win32Exception">The system has no io_uring for this process; see <see cref="IoUring(int)"/>.</exception>
    public SendBatch()
    {
        Invariant.That(_ring.Capacity >= MostSends);
    }

    /// <summary>There may be no room for one more.</summary>
    public bool IsFull => _count == MostSends || _used > Room - LongestSend;

    /// <summary>Number of sends that wait for <see cref="Submit"/>.</summary>
    public int Count => _count;

    /// <summary>Adds a send. On the thread that closes the socket, and not before <see cref="Submit"/> has returned.</summary>
    /// <param name="socket">A socket that does not block.</param>
    /// <param name="bytes">What to send; copied.</param>
    /// <param name="receiver">Told what became of it.</param>
    /// <returns>False when it is too long, or there is no room: the caller sends it.</returns>
    internal bool TryAdd(SafeSocketHandle socket, ReadOnlySpan<byte> bytes, ISendReceiver receiver)
    {
        if (bytes.Length > LongestSend || IsFull || _isSubmitting || socket.IsClosed) return false;
        bytes.CopyTo(_bytes.AsSpan(_used));
        _items[_count++] = new Item(socket, receiver, _used, bytes.Length);
        _used += bytes.Length;
        return true;
    }

    /// <summary>
    /// Sends everything, as far as it fits, and tells each receiver. On the thread, with no lock held; never waits. What is added
    /// meanwhile is refused.
    /// </summary>
    public void Submit()
    {
        if (_count == 0) return;
        LockOrder.AssertMayBlock("a send");
        _isSubmitting = true;
        var results = _results.AsSpan(0, _count);
        results.Fill(NotDone);
        if (_count > 1) // one alone goes out as quickly by send(2)
        {
            var start = (byte*)Unsafe.AsPointer(ref _bytes[0]); // pinned for good
            for (var i = 0; i < _count; i++)
            {
                ref readonly var item = ref _items[i];
                _ring.AddSend((int)item.Socket.DangerousGetHandle(), start + item.Start, item.Length, i);
            }

            _ring.Submit(results);
        }

        for (var i = 0; i < results.Length; i++)
        {
            ref readonly var item = ref _items[i];
            item.Receiver.OnSent(results[i] == NotDone ? SendAlone(item) : BytesOf(results[i]));
        }

        Array.Clear(_items, 0, _count);
        _count = _used = 0;
        _isSubmitting = false;
    }

    /// <inheritdoc/>
    public void Dispose() => _ring.Dispose();

    private static int BytesOf(int result) => result >= 0 ? result : result is NothingFits or Interrupted ? 0 : -1;

    private int SendAlone(in Item item)
    {
        var error = SocketCalls.Send(item.Socket, _bytes.AsSpan(item.Start, item.Length), out var sent);
        return error is SocketError.Success or SocketError.WouldBlock or SocketError.Interrupted ? sent : -1;
    }

    private readonly record struct Item(SafeSocketHandle Socket, ISendReceiver Receiver, int Start, int Length);
}
