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

        TlsNumber("tls-port", 65535, 0),
        TlsFlag("tls-cluster", false),
        TlsFlag("tls-replication", false),
        new ChoiceDirective("tls-auth-clients", new PendingSetting<string>("tls-auth-clients", "yes"), "no", "yes", "optional")
        {
            RefusedBecause = NoTls("tls-auth-clients"),
        },
        TlsFlag("tls-prefer-server-ciphers", false),
        TlsFlag("tls-session-caching", true),
        TlsNumber("tls-session-cache-size", int.MaxValue, 20 * 1024),
        TlsNumber("tls-session-cache-timeout", int.MaxValue, 300),
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

    private static BooleanDirective TlsFlag(string name, bool initial) =>
        new(name, new PendingSetting<bool>(name, initial)) { RefusedBecause = NoTls(name) };

    private static NumberDirective TlsNumber(string name, long highest, long initial) =>
        new(name, new PendingSetting<long>(name, initial), 0, highest, NumberFormat.Integer) { RefusedBecause = NoTls(name) };

    private static TextDirective TlsText(string name) =>
        new(name, new PendingSetting<string>(name, string.Empty)) { RefusedBecause = NoTls(name), IsSensitive = true };
}
