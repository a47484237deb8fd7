using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Starling.Node;

namespace Starling.CommandLine.Server;

/// <summary>
/// Gets from the system, before the first client is served, what the runtime would otherwise ask for when it is first
/// needed: assemblies, of which each holds two descriptors, and threads, which take two for a moment to start. Asked for
/// when clients and files hold every descriptor, it would be refused, and the process would end.
/// </summary>
internal static class Preparation
{
    /// <summary>Enough to start and to read a configuration. The rest is counted when everything is open.</summary>
    public const int FewestDescriptors = 104;

    private const int FewestPoolThreads = 8;

    /// <summary>Loads every assembly that the server refers to, and starts the runtime's own threads.</summary>
    public static void Run()
    {
        if (RuntimeFeature.IsDynamicCodeSupported) Load(typeof(NodeServer).Assembly, new HashSet<string>(StringComparer.Ordinal));
        StartThreads(Math.Max(FewestPoolThreads, Environment.ProcessorCount));
    }

    /// <summary>
    /// Starts the timer's thread and so many of the pool, which then never needs another: it ends the process when it
    /// cannot have it. (They do not end when they are idle: System.Threading.ThreadPool.ThreadsToKeepAlive.)
    /// </summary>
    private static void StartThreads(int count)
    {
        ThreadPool.SetMinThreads(count, 1);
        ThreadPool.SetMaxThreads(count, count);
        using var fired = new ManualResetEventSlim();
        using var timer = new Timer(_ => fired.Set(), null, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        fired.Wait();

        using var ready = new CountdownEvent(count);
        using var left = new CountdownEvent(count);
        for (var i = 0; i < count; i++)
        {
            ThreadPool.UnsafeQueueUserWorkItem(
                _ =>
                {
                    ready.Signal();
                    ready.Wait(); // so that no thread does the work of two
                    left.Signal();
                },
                state: null);
        }

        left.Wait();
    }

    private static void Load(Assembly assembly, HashSet<string> seen)
    {
        if (assembly.GetName().Name!.StartsWith("Starling", StringComparison.Ordinal)) FindSystemCalls(assembly);
        foreach (var name in assembly.GetReferencedAssemblies())
        {
            if (seen.Add(name.FullName) && !IsUnused(name.Name!)) Load(Assembly.Load(name), seen);
        }
    }

    /// <summary>
    /// What others refer to for what is not done here: hosts of other kinds, certificates, cookies, addresses of the web.
    /// </summary>
    private static bool IsUnused(string name) =>
        name.StartsWith("Microsoft.Extensions.DependencyInjection", StringComparison.Ordinal)
        || name is "System.Formats.Asn1" or "System.IO.MemoryMappedFiles" or "System.Collections.NonGeneric" or "System.Private.Uri";

    /// <summary>
    /// Finds the functions of native libraries that an assembly calls, as far as the libraries are there: a server without Lua runs no
    /// scripts. Libraries are searched for by name.
    /// </summary>
    private static void FindSystemCalls(Assembly assembly)
    {
        var isThere = new Dictionary<string, bool>(StringComparer.Ordinal);
        foreach (var type in assembly.GetTypes())
        {
            foreach (var method in type.GetMethods(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            {
                if ((method.Attributes & MethodAttributes.PinvokeImpl) == 0) continue;
                var library = method.GetCustomAttribute<DllImportAttribute>()!.Value;
                if (!isThere.TryGetValue(library, out var isFound))
                    isThere[library] = isFound = NativeLibrary.TryLoad(library, assembly, null, out _);
                if (isFound) Marshal.Prelink(method);
            }
        }
    }
}
