using System.Globalization;

namespace Starling.Node.Serving;

/// <summary>The I/O threads: the runtime's socket engine, told to run completions on its own threads.</summary>
public static class EngineThreads
{
    /// <summary>
    /// Sets the number of engine threads. Works only before the process has made its first socket: call it at the top
    /// of Main.
    /// </summary>
    /// <param name="count">io-threads; 0 for half the cores, at least one.</param>
    /// <returns>The number in force.</returns>
    public static int Configure(int count)
    {
        var threads = count > 0 ? count : Math.Max(1, Environment.ProcessorCount / 2);
        Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");
        Environment.SetEnvironmentVariable(
            "DOTNET_SYSTEM_NET_SOCKETS_THREAD_COUNT", threads.ToString(CultureInfo.InvariantCulture));
        return threads;
    }
}
