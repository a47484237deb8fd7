using Starling.Transport.Tls;
using static Starling.Node.Config.Row;

namespace Starling.Node.Config;

/// <summary>Directives about passwords, access control, TLS and protected commands.</summary>
internal static class SecurityDirectives
{
    public static readonly Directive[] Rows =
    [
        new TextDirective("requirepass", InOptional(c => c.RequirePass, (c, v) => c.RequirePass = v)) { IsSensitive = true },
        Protection("enable-protected-configs", In(c => c.EnableProtectedConfigs, (c, v) => c.EnableProtectedConfigs = v)),
        Protection("enable-debug-command", In(c => c.EnableDebugCommand, (c, v) => c.EnableDebugCommand = v)),
        Protection("enable-module-command", In(c => c.EnableModuleCommand, (c, v) => c.EnableModuleCommand = v)),
        new TextDirective("aclfile", In(c => c.AclFile, (c, v) => c.AclFile = v)) { IsImmutable = true, HasEmptyValue = true },
        new ChoiceDirective("acl-pubsub-default", In(c => c.AclPubSubDefault, (c, v) => c.AclPubSubDefault = v), "allchannels", "resetchannels"),
        new NumberDirective("acllog-max-len", In(c => c.AclLogMaxLength, (c, v) => c.AclLogMaxLength = v), 0, LargestLong, NumberFormat.Integer),

        new NumberDirective("tls-port", In(c => c.Tls.Port, (c, v) => c.Tls.Port = v), 0, 65535, NumberFormat.Integer),
        new ChoiceDirective("tls-auth-clients", In(c => c.Tls.Authentication, (c, v) => c.Tls.Authentication = v), TlsSettings.AuthenticationWords),
        new BooleanDirective("tls-prefer-server-ciphers", Tls(o => o.PrefersServerCiphers, (o, v) => o with { PrefersServerCiphers = v })),
        new BooleanDirective("tls-session-caching", Tls(o => o.KeepsSessions, (o, v) => o with { KeepsSessions = v })),
        TlsNumber("tls-session-cache-size", o => o.SessionCacheSize, (o, v) => o with { SessionCacheSize = v }),
        TlsNumber("tls-session-cache-timeout", o => o.SessionTimeout, (o, v) => o with { SessionTimeout = v }),
        TlsFile("tls-cert-file", o => o.CertificateFile, (o, v) => o with { CertificateFile = v }),
        TlsFile("tls-key-file", o => o.KeyFile, (o, v) => o with { KeyFile = v }),
        new TextDirective("tls-key-file-pass", Tls(o => o.KeyPassword, (o, v) => o with { KeyPassword = v })) { IsSensitive = true },
        TlsFile("tls-dh-params-file", o => o.DiffieHellmanFile, (o, v) => o with { DiffieHellmanFile = v }),
        TlsFile("tls-ca-cert-file", o => o.AuthoritiesFile, (o, v) => o with { AuthoritiesFile = v }),
        TlsFile("tls-ca-cert-dir", o => o.AuthoritiesDirectory, (o, v) => o with { AuthoritiesDirectory = v }),
        TlsText("tls-protocols", o => o.Protocols, (o, v) => o with { Protocols = v }),
        TlsText("tls-ciphers", o => o.Ciphers, (o, v) => o with { Ciphers = v }),
        TlsText("tls-ciphersuites", o => o.CipherSuites, (o, v) => o with { CipherSuites = v }),

        // Only these two ask for TLS between servers. What the others say is about links that there are only with one of them.
        NoTlsLinks("tls-cluster"),
        NoTlsLinks("tls-replication"),
        LinkText("tls-client-cert-file"),
        LinkText("tls-client-key-file"),
        LinkText("tls-client-key-file-pass"),
    ];

    /// <summary>Names of the directives of which encrypted connections are made.</summary>
    internal static readonly string[] TlsNames =
    [
        "tls-auth-clients", "tls-prefer-server-ciphers", "tls-session-caching", "tls-session-cache-size", "tls-session-cache-timeout",
        "tls-cert-file", "tls-key-file", "tls-key-file-pass", "tls-dh-params-file", "tls-ca-cert-file", "tls-ca-cert-dir", "tls-protocols",
        "tls-ciphers", "tls-ciphersuites",
    ];

    private static string NoLinks(string directive) =>
        directive + " is not supported yet: only clients can be served encrypted, so links to other servers would be open where encrypted ones "
        + "are asked for";

    private static ChoiceDirective Protection(string name, Setting<string> setting) =>
        new(name, setting, "no", "yes", "local") { IsImmutable = true };

    private static PropertySetting<T> Tls<T>(Func<TlsOptions, T> get, Func<TlsOptions, T, TlsOptions> with)
        where T : notnull =>
        new PropertySetting<T>(c => get(c.Tls.Options), (c, value) => c.Tls.Options = with(c.Tls.Options, value));

    private static NumberDirective TlsNumber(string name, Func<TlsOptions, int> get, Func<TlsOptions, int, TlsOptions> with) =>
        new(name, Tls(o => (long)get(o), (o, v) => with(o, (int)v)), 0, int.MaxValue, NumberFormat.Integer);

    private static TextDirective TlsText(string name, Func<TlsOptions, string> get, Func<TlsOptions, string, TlsOptions> with) =>
        new(name, Tls(get, with));

    private static TextDirective TlsFile(string name, Func<TlsOptions, string> get, Func<TlsOptions, string, TlsOptions> with) =>
        new(name, Tls(get, with)) { IsReadAgain = true };

    private static BooleanDirective NoTlsLinks(string name) =>
        new(name, new PendingSetting<bool>(name, false)) { RefusedBecause = NoLinks(name) };

    private static TextDirective LinkText(string name) =>
        new(name, new PendingSetting<string>(name, string.Empty)) { IsSensitive = true };
}
