namespace Starling.Serving;

/// <summary>
/// Has a connection whose command is held back looked after: it is let go with others (<see cref="HeldClients"/>), and the
/// end of a pause by its time is noticed. On the connection's thread.
/// </summary>
internal sealed class HoldTimer : IIoTask
{
    private readonly ClientConnection _connection;
    private readonly ServingParts _serving;
    private readonly IoTimer _timer;

    public HoldTimer(ClientConnection connection, ServingParts serving)
    {
        _connection = connection;
        _serving = serving;
        _timer = new IoTimer(this);
    }

    private HeldClients Line => _serving.Clients.Line;

    /// <summary>The connection is held since a moment; see <see cref="HeldClients.Hold"/>.</summary>
    public void Begin(in HoldMarks marks) => Schedule(Line.Hold(_connection, marks, _connection.Session.HeldBy));

    /// <summary>It goes on, or is gone.</summary>
    public void End()
    {
        if (_timer.IsScheduled) _connection.Thread.Cancel(_timer);
    }

    /// <summary>A pause may be over.</summary>
    void IIoTask.Run()
    {
        Line.EndOverdue(_serving.NowMilliseconds);
        if (_connection.IsHeld) Schedule(Line.TimeToNextEnd());
    }

    private void Schedule(long milliseconds)
    {
        if (milliseconds > 0) _connection.Thread.Schedule(_timer, milliseconds);
    }
}
