namespace Starling.CommandLine.ClusterUp;

/// <summary>
/// Something that the person at the terminal can mend: the message is printed without a stack trace, the exit code is
/// 1.
/// </summary>
internal sealed class OperatorException(string message) : Exception(message);
