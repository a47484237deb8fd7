using Starling.Transport.Tls;

namespace Starling.Serving;

/// <summary>What serving takes from the configuration, always as it is in force now. Any thread.</summary>
public interface IServingSettings
{
    /// <summary>Addresses to listen on; one that begins with '-' is optional.</summary>
    string[] Bind { get; }

    /// <summary>The TCP port; 0 for none.</summary>
    int Port { get; }

    /// <summary>The TCP port of encrypted connections; 0 for none.</summary>
    int TlsPort { get; }

    /// <summary>What encrypted connections are made of; its paths are whole ones.</summary>
    TlsOptions TlsOptions { get; }

    /// <summary>The Unix socket's path; null or empty for none.</summary>
    string? UnixSocket { get; }

    /// <summary>The Unix socket's permissions; 0 for what the process gives.</summary>
    int UnixSocketPerm { get; }

    /// <summary>Length of the queue of connections that wait to be accepted.</summary>
    int TcpBacklog { get; }

    /// <summary>Seconds of silence after which a peer is probed; 0 for never.</summary>
    int TcpKeepAlive { get; }

    /// <summary>Refuses clients from elsewhere as long as no password is wanted.</summary>
    bool ProtectedMode { get; }

    /// <summary>Clients must give a password.</summary>
    bool WantsPassword { get; }

    /// <summary>Most clients at a time.</summary>
    int MaxClients { get; }

    /// <summary>Most bytes of a command that a client may leave unfinished or unexecuted.</summary>
    long ClientQueryBufferLimit { get; }

    /// <summary>Most bytes of one argument.</summary>
    long ProtoMaxBulkLen { get; }

    /// <summary>Seconds for which replies to writes wait for their replicas before the client is closed.</summary>
    int ReplTimeout { get; }

    /// <summary>When ordinary clients are closed that do not read.</summary>
    OutputBufferLimit NormalOutputBufferLimit { get; }

    /// <summary>When subscribers are closed that do not read.</summary>
    OutputBufferLimit PubSubOutputBufferLimit { get; }

    /// <summary>A path relative to the working directory as a whole one.</summary>
    string PathOf(string path);
}
