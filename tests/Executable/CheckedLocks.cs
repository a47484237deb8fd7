using System.Runtime.CompilerServices;

namespace Starling.Executable.Tests;

/// <summary>Has the servers that the tests start check the order of their locks.</summary>
internal static class CheckedLocks
{
    [ModuleInitializer]
    internal static void TurnOn() => Environment.SetEnvironmentVariable("STARLING_CHECK_LOCKS", "1");
}
