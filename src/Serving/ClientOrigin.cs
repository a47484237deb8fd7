namespace Starling.Serving;

/// <summary>Whom a command comes from; it decides which gates apply.</summary>
public enum ClientOrigin
{
    /// <summary>A connected client: every gate.</summary>
    Client,

    /// <summary>
    /// This replica's master: no authentication, no redirect, no refusal; the reply is dropped; nothing expires by
    /// itself.
    /// </summary>
    Master,

    /// <summary>The server itself (active expiry, tests).</summary>
    Internal,
}
