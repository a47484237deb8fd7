using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Starling.Transport;

/// <summary>
/// A ring of io_uring(7) that hands sends to the system, many with one call. Every send is done, as far as it can be, when that call
/// returns (MSG_DONTWAIT): nothing is left with the system between calls, no memory of ours and no descriptor. Belongs to one thread at
/// a time.
/// </summary>
internal sealed unsafe class IoUring : IDisposable
{
    // MSG_NOSIGNAL | MSG_DONTWAIT. With the latter a send on a full socket fails with EAGAIN at once and is not kept for later, nor
    // given to a thread of the system's.
    private const uint SendFlags = 0x4000 | 0x40;

    private const int Interrupted = 4; // EINTR

    private readonly int _ring;
    private readonly byte* _rings;
    private readonly nuint _ringsLength;
    private readonly IoUringCalls.Submission* _entries;
    private readonly nuint _entriesLength;
    private readonly uint* _head; // of the submissions: moved by the system
    private readonly uint* _tail;
    private readonly uint _mask;
    private readonly uint* _completedHead;
    private readonly uint* _completedTail; // moved by the system
    private readonly uint _completedMask;
    private readonly IoUringCalls.Completion* _completions;
    private uint _added; // since the last submission
    private bool _isDisposed;

    /// <summary>Makes a ring.</summary>
    /// <param name="entries">How many sends one call takes at least.</param>
    /// <exception cref="Win32Exception">
    /// The system has no io_uring, or an old one, or does not let this process use it (kernel.io_uring_disabled, a seccomp filter), or has
    /// no memory or descriptors left.
    /// </exception>
    public IoUring(int entries)
    {
        IoUringCalls.Parameters parameters = default;
        parameters.Flags = IoUringCalls.SubmitAll;
        _ring = IoUringCalls.Setup((uint)entries, &parameters);
        if (_ring < 0) throw new Win32Exception(Marshal.GetLastPInvokeError());
        ref readonly var submissions = ref parameters.Submissions;
        ref readonly var completions = ref parameters.Completions;
        Capacity = (int)parameters.SubmissionEntries;
        _ringsLength = Math.Max(
            submissions.Array + parameters.SubmissionEntries * sizeof(uint),
            completions.Completions + parameters.CompletionEntries * (uint)sizeof(IoUringCalls.Completion));
        _entriesLength = parameters.SubmissionEntries * (uint)sizeof(IoUringCalls.Submission);
        _rings = IoUringCalls.MapRings(_ring, _ringsLength);
        _entries = _rings == null ? null : IoUringCalls.MapEntries(_ring, _entriesLength);
        if (_entries == null)
        {
            var error = new Win32Exception(Marshal.GetLastPInvokeError());
            Dispose();
            throw error;
        }

        _head = (uint*)(_rings + submissions.Head);
        _tail = (uint*)(_rings + submissions.Tail);
        _mask = *(uint*)(_rings + submissions.Mask);
        _completedHead = (uint*)(_rings + completions.Head);
        _completedTail = (uint*)(_rings + completions.Tail);
        _completedMask = *(uint*)(_rings + completions.Mask);
        _completions = (IoUringCalls.Completion*)(_rings + completions.Completions);

        // Which entry is the next: always the one at the same place.
        var order = (uint*)(_rings + submissions.Array);
        for (var i = 0u; i < parameters.SubmissionEntries; i++) order[i] = i;
    }

    /// <summary>How many sends one call takes; twice as many completions fit.</summary>
    public int Capacity { get; }

    /// <summary>Adds a send to the next submission, which has room for it.</summary>
    /// <param name="descriptor">The socket, open until <see cref="Submit"/> has returned.</param>
    /// <param name="bytes">What to send; stays where it is until then.</param>
    /// <param name="length">How many bytes.</param>
    /// <param name="index">What names the send in the results.</param>
    public void AddSend(int descriptor, byte* bytes, int length, int index)
    {
        ref var entry = ref _entries[(*_tail + _added++) & _mask];
        entry = default;
        entry.Operation = IoUringCalls.OperationSend;
        entry.Descriptor = descriptor;
        entry.Address = bytes;
        entry.Length = (uint)length;
        entry.MessageFlags = SendFlags;
        entry.UserData = (ulong)index;
    }

    /// <summary>Has the system do everything that was added.</summary>
    /// <param name="results">
    /// Gets, at the index of each send that was done, what send(2) returns: bytes, or an error as a negative number. Those of others stay
    /// as they are.
    /// </param>
    public void Submit(Span<int> results)
    {
        var start = *_tail;
        var waiting = 0u; // for completions
        Volatile.Write(ref *_tail, start + _added);
        while (_added > 0)
        {
            var taken = IoUringCalls.Enter(_ring, _added, waiting + _added);
            if (taken < 0 && Marshal.GetLastPInvokeError() == Interrupted) taken = 0;
            else if (taken <= 0) break; // no memory; what was not taken is the caller's again
            _added -= (uint)taken;
            waiting += (uint)taken;
            waiting -= Collect(results);
        }

        Volatile.Write(ref *_tail, Volatile.Read(ref *_head));
        _added = 0;

        // Never seen: every one is complete when it is taken.
        while (waiting > 0)
        {
            if (IoUringCalls.Enter(_ring, 0, 1) < 0 && Marshal.GetLastPInvokeError() is not Interrupted and var error)
                throw new Win32Exception(error);
            waiting -= Collect(results);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        if (_entries != null) IoUringCalls.Unmap(_entries, _entriesLength);
        if (_rings != null) IoUringCalls.Unmap(_rings, _ringsLength);
        IoUringCalls.Close(_ring);
    }

    private uint Collect(Span<int> results)
    {
        var head = *_completedHead;
        var tail = Volatile.Read(ref *_completedTail);
        var count = tail - head;
        for (; head != tail; head++)
        {
            ref readonly var completion = ref _completions[head & _completedMask];
            results[(int)completion.UserData] = completion.Result;
        }

        Volatile.Write(ref *_completedHead, head);
        return count;
    }
}
