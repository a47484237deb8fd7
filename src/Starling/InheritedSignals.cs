using Starling.CommandLine.Server;

namespace Starling.CommandLine;

/// <summary>Signals that the process was started with as ignored.</summary>
internal static class InheritedSignals
{
    private const int Interrupt = 2, Terminate = 15;

    /// <summary>
    /// A shell that is not interactive starts what runs in its background with SIGINT ignored, and the runtime leaves it
    /// at that. Here SIGINT gets the runtime's handler all the same, which is one for all signals, from SIGTERM: whoever
    /// sends it means it, as with redis-server. Called when both signals have been registered for.
    /// </summary>
    public static void TakeInterrupt()
    {
        if (!OperatingSystem.IsLinux()) return;
        var action = new nint[SystemCalls.ActionLength];
        if (SystemCalls.Action(Interrupt, null, action) != 0 || action[0] != SystemCalls.Ignored) return;
        if (SystemCalls.Action(Terminate, null, action) == 0) _ = SystemCalls.Action(Interrupt, action, null);
    }
}
