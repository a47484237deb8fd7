namespace Starling.Node.Config;

/// <summary>What a directive does here.</summary>
public enum DirectiveState
{
    /// <summary>It does what its documentation says.</summary>
    Effective,

    /// <summary>
    /// It is accepted and remembered, but changes nothing yet; a log line says so when the user sets it.
    /// </summary>
    NotYetEffective,

    /// <summary>
    /// It promises durability or security that does not exist yet: only its default is accepted, anything else is an
    /// error at start and in
    /// CONFIG SET.
    /// </summary>
    Refused,
}
