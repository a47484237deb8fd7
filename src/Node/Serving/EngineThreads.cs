using System.Globalization;
using Starling.Node.Config;

namespace Starling.Node.Serving;

/// <summary>
/// The threads of the runtime's own socket engine, told to run completions on them. On Linux nothing needs them
/// (<see cref="IoThreads"/> serve the connections); on other systems they are the I/O threads.
/// </summary>
public static class EngineThreads
{
    /// <summary>
    /// Sets the number of engine threads. Works only before the process has made its first socket: call it at the top
    /// of Main.
    /// </summary>
    /// <param name="ioThreads">io-threads; 0 for half the cores, at least one.</param>
    public static void Configure(int ioThreads)
    {
        var threads = ioThreads > 0 ? ioThreads : ServerConfig.DefaultIoThreads;
        if (OperatingSystem.IsLinux()) threads = 1;
        Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");
        Environment.SetEnvironmentVariable(
            "DOTNET_SYSTEM_NET_SOCKETS_THREAD_COUNT", threads.ToString(CultureInfo.InvariantCulture));
    }
}
