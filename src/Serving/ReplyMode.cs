namespace Starling.Serving;

/// <summary>What CLIENT REPLY has asked for.</summary>
public enum ReplyMode
{
    /// <summary>Every command is answered.</summary>
    On,

    /// <summary>No command is answered.</summary>
    Off,

    /// <summary>The next command is not answered.</summary>
    SkipNext,
}
