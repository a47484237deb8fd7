using System.Globalization;
using Microsoft.Extensions.Logging;
using Starling.Node;

namespace Starling.CommandLine.Server;

/// <summary>The file that holds the process id.</summary>
internal static class PidFile
{
    /// <summary>
    /// Writes the process id; failing is a line in the log only, as scripts that need the file notice by themselves.
    /// </summary>
    public static void Write(ILogger log, string path)
    {
        try
        {
            File.WriteAllText(path, Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            ServerLog.PidFileNotWritten(log, SystemErrors.Explain(e));
        }
    }
}
