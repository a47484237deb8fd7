using System.Runtime.InteropServices;

namespace Starling.Node.Config;

/// <summary>
/// The folder that relative paths start from. It can be removed while the process is in it: then nothing is found there and nothing
/// can be made, which is for who opens a file to tell, and no reason to end.
/// </summary>
internal static partial class WorkingDirectory
{
    /// <summary>What leads to the working directory whether or not it has a name; with a folder that was removed, to nothing.</summary>
    private const string WithoutName = "/proc/self/cwd";

    private const int MayEnter = 1; // X_OK
    private const int OfWorkingDirectory = -100; // AT_FDCWD
    private const int AsEffectiveUser = 0x200; // AT_EACCESS

    /// <summary>Its absolute path; empty when it was removed, as redis-server tells it.</summary>
    public static string Name
    {
        get
        {
            try
            {
                return Environment.CurrentDirectory;
            }
            catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
            {
                return string.Empty;
            }
        }
    }

    /// <summary>The absolute path that <paramref name="path"/> stands for, which may be relative to it.</summary>
    public static string Resolve(string path)
    {
        if (Path.IsPathRooted(path)) return Path.GetFullPath(path);
        return Path.GetFullPath(path, Name is { Length: > 0 } name ? name : WithoutName);
    }

    /// <summary>Whether the system lets this process into a folder.</summary>
    public static bool CanEnter(string folder) =>
        !OperatingSystem.IsLinux() || Access(OfWorkingDirectory, folder, MayEnter, AsEffectiveUser) == 0;

    [LibraryImport("libc", EntryPoint = "faccessat", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Access(int folder, string path, int mode, int flags);
}
