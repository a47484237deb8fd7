using Starling.Resp;

namespace Starling.Serving;

/// <summary>
/// How much output an ordinary client may leave unread before nothing more is read from it or executed for it, until it
/// has taken half of that. A client that sends everything it has to say before it reads would wait for ever then, and
/// the server for it: when it has taken nothing for a second, its mark doubles. While memory is scarce the mark is low and stays
/// so, and who takes nothing for ten seconds is closed: who does not read leaves room to those who do. Output buffer limits
/// hold besides. Of the connection's thread.
/// </summary>
internal sealed class OutputMark(ClientConnection connection, BufferPool buffers) : IIoTask
{
    /// <summary>Bytes of output, to begin with.</summary>
    public const long Initial = 8 * 1024 * 1024;

    /// <summary>Bytes of output while memory is scarce.</summary>
    public const long WhileScarce = 64 * 1024;

    private const long Patience = 1000; // milliseconds
    private const int MostTimesWhileScarce = 10;

    private IoTimer? _timer;
    private long _mark = Initial;
    private long _pending;
    private long _before; // pending when the timer was set
    private long _least; // that was pending since
    private int _timesInVain; // while memory was scarce

    /// <summary>Nothing more is read or executed for now.</summary>
    public bool IsExceeded { get; private set; }

    /// <summary>So much output is pending now.</summary>
    public void Check(long pending)
    {
        _pending = pending;
        _least = Math.Min(_least, pending);
        if (IsExceeded)
        {
            if (pending >= Now() / 2) return;
            IsExceeded = false;
            connection.Thread.Cancel(_timer!);
            if (pending < Initial / 2) _mark = Initial;
        }
        else if (pending > WhileScarce && pending > Now() && connection.Session.Kind == ClientKind.Normal)
        {
            IsExceeded = true;
            _timesInVain = 0;
            Watch();
        }
    }

    /// <summary>The connection is gone.</summary>
    public void Clear()
    {
        if (_timer is not null) connection.Thread.Cancel(_timer);
    }

    /// <summary>A second has passed.</summary>
    void IIoTask.Run()
    {
        if (_least < _before)
        {
            _timesInVain = 0;
            Watch(); // it reads, if slowly
            return;
        }

        if (buffers.IsScarce)
        {
            if (++_timesInVain < MostTimesWhileScarce) Watch();
            else connection.CloseForMemory();
            return;
        }

        while (_mark < _pending && _mark < long.MaxValue / 2) _mark *= 2;
        IsExceeded = false;
        connection.OnMarkRaised();
    }

    private long Now() => buffers.IsScarce ? Math.Min(_mark, WhileScarce) : _mark;

    private void Watch()
    {
        _before = _least = _pending;
        _timer ??= new IoTimer(this);
        connection.Thread.Schedule(_timer, Patience);
    }
}
