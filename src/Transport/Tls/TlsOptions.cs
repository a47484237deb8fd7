namespace Starling.Transport.Tls;

/// <summary>What encrypted streams are made of: the tls-* directives. An empty text stands for a directive that is not set.</summary>
public sealed record TlsOptions
{
    /// <summary>The certificate, with those of its chain behind it: a PEM file.</summary>
    public string CertificateFile { get; init; } = "";

    /// <summary>Its private key: a PEM file.</summary>
    public string KeyFile { get; init; } = "";

    /// <summary>The password of the key's file.</summary>
    public string KeyPassword { get; init; } = "";

    /// <summary>Certificates of authorities that peers' certificates are checked with: a PEM file.</summary>
    public string AuthoritiesFile { get; init; } = "";

    /// <summary>The same as a folder of files that are named by hashes (openssl-rehash).</summary>
    public string AuthoritiesDirectory { get; init; } = "";

    /// <summary>Parameters of Diffie-Hellman: a PEM file; those that fit the key when it is not set.</summary>
    public string DiffieHellmanFile { get; init; } = "";

    /// <summary>Versions by name, with blanks between: TLSv1, TLSv1.1, TLSv1.2, TLSv1.3. The last two when it is not set.</summary>
    public string Protocols { get; init; } = "";

    /// <summary>Ciphers up to TLS 1.2, as OpenSSL lists them.</summary>
    public string Ciphers { get; init; } = "";

    /// <summary>Cipher suites of TLS 1.3, as OpenSSL lists them.</summary>
    public string CipherSuites { get; init; } = "";

    /// <summary>Of ciphers that both have, the server's order counts and not the client's.</summary>
    public bool PrefersServerCiphers { get; init; }

    /// <summary>Whether clients show a certificate.</summary>
    public TlsClientAuthentication ClientAuthentication { get; init; } = TlsClientAuthentication.Yes;

    /// <summary>Clients that come again may go on with their former session.</summary>
    public bool KeepsSessions { get; init; } = true;

    /// <summary>Sessions that are kept; 0 for as many as there are.</summary>
    public int SessionCacheSize { get; init; } = 20 * 1024;

    /// <summary>Seconds after which a session is not gone on with.</summary>
    public int SessionTimeout { get; init; } = 300;
}
