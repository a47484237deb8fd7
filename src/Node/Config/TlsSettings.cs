using Starling.Transport.Tls;

namespace Starling.Node.Config;

/// <summary>The tls-* directives in force, of which a client's encrypted connection is made. Changed as <see cref="ServerConfig"/> is.</summary>
public sealed class TlsSettings
{
    /// <summary>The port of encrypted connections; 0 for none.</summary>
    public int Port { get; set; }

    /// <summary>The other directives.</summary>
    public TlsOptions Options { get; set; } = new();

    /// <summary>The words of tls-auth-clients, in the order of <see cref="TlsClientAuthentication"/>.</summary>
    internal static string[] AuthenticationWords { get; } = ["no", "yes", "optional"];

    /// <summary>tls-auth-clients as a word.</summary>
    internal string Authentication
    {
        get => AuthenticationWords[(int)Options.ClientAuthentication];
        set => Options = Options with { ClientAuthentication = (TlsClientAuthentication)Array.IndexOf(AuthenticationWords, value) };
    }
}
