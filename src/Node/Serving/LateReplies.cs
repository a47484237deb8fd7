using Starling.Resp;
using Starling.Slots;

namespace Starling.Node.Serving;

/// <summary>
/// Replies that only come of work that may block (the disk): it is done on another thread when no stripe is held, and the
/// client waits. Inside EXEC the work comes behind the transaction, and the whole reply waits for it; what the work needs of
/// the moment of its command is to be taken before. One per session.
/// </summary>
internal sealed class LateReplies
{
    private readonly List<(long At, Func<string?> Work)> _queued = []; // of a transaction under way

    /// <summary>
    /// Has the running command answered later: OK, or the error whose text the work returns. The handler has written no reply
    /// and writes none.
    /// </summary>
    /// <param name="call">The call.</param>
    /// <param name="work">What is to be done; on any thread, with no lock held.</param>
    public void Add(CommandContext call, Func<string?> work)
    {
        if (call.Session.Connection is null)
        {
            call.Reply.Error("ERR nobody is there to wait for the reply"u8);
        }
        else if (call.IsInExec)
        {
            _queued.Add((call.Reply.Length, work));
        }
        else
        {
            _queued.Add((0, work));
            Suspend(call, []);
        }
    }

    /// <summary>
    /// The commands of a transaction have run: when some are to be answered later, so is EXEC. By its handler.
    /// </summary>
    /// <param name="call">The EXEC.</param>
    /// <param name="start">Length of what was to be sent before its reply.</param>
    public void EndTransaction(CommandContext call, long start)
    {
        if (_queued.Count == 0) return;
        var reply = call.Reply.ToArray()[(int)start..];
        call.Reply.Truncate(start);
        for (var i = 0; i < _queued.Count; i++) _queued[i] = _queued[i] with { At = _queued[i].At - start };
        Suspend(call, reply);
    }

    private static void Write(RespWriter reply, string? error)
    {
        if (error is null) reply.Simple("OK"u8);
        else reply.Error(error);
    }

    private void Suspend(CommandContext call, byte[] text)
    {
        var queued = _queued.ToArray();
        _queued.Clear();
        var errors = new string?[queued.Length];
        var waiting = call.Suspend(0, (reply, _) =>
        {
            var from = 0;
            for (var i = 0; i < queued.Length; i++)
            {
                var to = (int)queued[i].At;
                reply.Raw(text.AsSpan(from..to));
                Write(reply, errors[i]);
                from = to;
            }

            reply.Raw(text.AsSpan(from));
        });

        void Start() => ThreadPool.UnsafeQueueUserWorkItem(
            _ =>
            {
                LockOrder.AssertMayBlock("the work of a late reply");
                for (var i = 0; i < queued.Length; i++) errors[i] = queued[i].Work();
                waiting.Complete();
            },
            state: null);

        if (call.IsInScope) call.Afterwards.Enqueue(Start);
        else Start();
    }
}
