namespace Starling.Node.Serving;

/// <summary>
/// The threads of the runtime's own socket engine, told to run completions on them. It accepts connections, for which
/// one thread is enough; <see cref="IoThreads"/> serve them.
/// </summary>
public static class EngineThreads
{
    /// <summary>
    /// Sets the number of engine threads to one. Works only before the process has made its first socket: call it at
    /// the top of Main.
    /// </summary>
    public static void Configure()
    {
        Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");
        Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_THREAD_COUNT", "1");
    }
}
