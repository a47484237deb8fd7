namespace Starling.Resp;

/// <summary>What <see cref="RequestReader.Read"/> found.</summary>
public enum RequestStatus
{
    /// <summary>No whole command yet: read on when there are more bytes.</summary>
    Incomplete,

    /// <summary>A command was read.</summary>
    Command,

    /// <summary>The bytes are no command: answer <see cref="RequestReader.Error"/> and close.</summary>
    Malformed,
}
