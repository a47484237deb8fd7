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

        // Only these three ask for TLS. What the others say is about connections that there are only with one of them.
        new NumberDirective("tls-port", new PendingSetting<long>("tls-port", 0), 0, 65535, NumberFormat.Integer)
        {
            RefusedBecause = NoTls("tls-port"),
        },
        TlsFlag("tls-cluster"),
        TlsFlag("tls-replication"),
        new ChoiceDirective("tls-auth-clients", new PendingSetting<string>("tls-auth-clients", "yes"), "no", "yes", "optional"),
        PendingFlag("tls-prefer-server-ciphers", false),
        PendingFlag("tls-session-caching", true),
        PendingNumber("tls-session-cache-size", 0, LargestInt, 20 * 1024),
        PendingNumber("tls-session-cache-timeout", 0, LargestInt, 300),
        TlsText("tls-cert-file"),
        TlsText("tls-key-file"),
        TlsText("tls-key-file-pass"),
        TlsText("tls-client-cert-file"),
        TlsText("tls-client-key-file"),
        TlsText("tls-client-key-file-pass"),
        TlsText("tls-dh-params-file"),
        TlsText("tls-ca-cert-file"),
        TlsText("tls-ca-cert-dir"),
        TlsText("tls-protocols"),
        TlsText("tls-ciphers"),
        TlsText("tls-ciphersuites"),
    ];

    private static string NoTls(string directive) =>
        directive + " is not supported yet: there is no TLS, so connections would be open where encrypted ones are asked for";

    private static ChoiceDirective Protection(string name, Setting<string> setting) =>
        new(name, setting, "no", "yes", "local") { IsImmutable = true };

    private static BooleanDirective TlsFlag(string name) =>
        new(name, new PendingSetting<bool>(name, false)) { RefusedBecause = NoTls(name) };

    private static TextDirective TlsText(string name) =>
        new(name, new PendingSetting<string>(name, string.Empty)) { IsSensitive = true };
}
