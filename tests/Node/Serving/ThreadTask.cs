namespace Starling.Node.Tests.Serving;

/// <summary>A task, or a member of a round, that does what the test says.</summary>
internal sealed class ThreadTask(Action run) : IIoTask, IRoundMember
{
    public void Run() => run();

    public void EndRound() => run();
}
