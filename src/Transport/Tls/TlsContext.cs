using System.Runtime.InteropServices;
using Starling.Slots;

namespace Starling.Transport.Tls;

/// <summary>
/// What all streams of a server share: certificate, key, authorities, ciphers, sessions. It does not change; a server whose directives
/// change makes another one, and streams that were made before keep theirs. Any thread.
/// </summary>
public sealed unsafe class TlsContext : IDisposable
{
    private const ulong NoSslVersion3 = 1UL << 25;
    private const ulong NoCompression = 1UL << 17;
    private const ulong NoRenegotiation = 1UL << 30;
    private const ulong ServerPreference = 1UL << 22;
    private const int DefaultProtocols = 0b1100;
    private static readonly string[] ProtocolNames = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];
    private static readonly ulong[] WithoutProtocol = [1UL << 26, 1UL << 28, 1UL << 27, 1UL << 29];

    // Guards the handle while a stream is made of it and while it is freed. A leaf.
    private readonly RankedLock _lock = new(LockRank.Leaf, nameof(TlsContext));
    private nint _handle;

    private TlsContext(nint handle) => _handle = handle;

    /// <summary>Reads the files and makes a context for streams that clients begin.</summary>
    /// <exception cref="TlsException">What was asked for is not possible.</exception>
    public static TlsContext ForServer(TlsOptions options)
    {
        if (!OpenSsl.IsThere) throw new TlsException($"TLS needs OpenSSL 3: {OpenSsl.Library} is not on this system.");
        if (options.CertificateFile.Length == 0) throw new TlsException("No tls-cert-file configured!");
        if (options.KeyFile.Length == 0) throw new TlsException("No tls-key-file configured!");
        var asksClients = options.ClientAuthentication != TlsClientAuthentication.No;
        if (asksClients && options.AuthoritiesFile.Length == 0 && options.AuthoritiesDirectory.Length == 0)
        {
            throw new TlsException("Either tls-ca-cert-file or tls-ca-cert-dir must be specified "
                + "when tls-cluster, tls-replication or tls-auth-clients are enabled!");
        }

        var protocols = ParseProtocols(options.Protocols);
        OpenSsl.ClearErrors();
        var context = new TlsContext(OpenSsl.NewContext(OpenSsl.Method()));
        if (context._handle == 0) throw new TlsException("Failed to create a context: " + OpenSsl.TakeReason());
        try
        {
            context.SetProtocol(options, protocols);
            context.Load(options);
            context.KeepSessions(options);
            context.Authenticate(options.ClientAuthentication);
            return context;
        }
        catch
        {
            context.Dispose();
            throw;
        }
    }

    /// <summary>Makes a context for a stream that this side begins, which checks nothing of its peer unless it has authorities; for tests.</summary>
    /// <exception cref="TlsException">What was asked for is not possible.</exception>
    internal static TlsContext ForClient(TlsOptions options)
    {
        OpenSsl.ClearErrors();
        var context = new TlsContext(OpenSsl.NewContext(OpenSsl.Method()));
        context.SetProtocol(options, ParseProtocols(options.Protocols));
        if (options.CertificateFile.Length > 0) context.LoadCertificate(options);
        context.LoadAuthorities(options);
        if (options.AuthoritiesFile.Length > 0) OpenSsl.SetVerify(context._handle, OpenSsl.VerifyPeer, 0);
        return context;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        using (_lock.Enter())
        {
            if (_handle != 0) OpenSsl.FreeContext(_handle);
            _handle = 0;
        }
    }

    /// <summary>A stream of OpenSSL's for a socket; whoever gets it frees it.</summary>
    /// <exception cref="TlsException">There is no memory for it, or the context has been disposed.</exception>
    internal nint NewStream(int descriptor, bool isAccepted)
    {
        OpenSsl.ClearErrors();
        nint stream;
        using (_lock.Enter()) stream = _handle == 0 ? 0 : OpenSsl.New(_handle);
        if (stream == 0) throw new TlsException("no stream can be made: " + OpenSsl.TakeReason());
        if (OpenSsl.SetDescriptor(stream, descriptor) != 1)
        {
            OpenSsl.Free(stream);
            throw new TlsException("no stream can be made of the socket: " + OpenSsl.TakeReason());
        }

        if (isAccepted) OpenSsl.Accept(stream);
        else OpenSsl.Connect(stream);
        return stream;
    }

    /// <summary>One bit for each version that is named.</summary>
    private static int ParseProtocols(string names)
    {
        if (names.Length == 0) return DefaultProtocols;
        var chosen = 0;
        foreach (var name in names.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var index = Array.FindIndex(ProtocolNames, known => known.Equals(name, StringComparison.OrdinalIgnoreCase));
            if (index < 0)
            {
                throw new TlsException("Invalid tls-protocols specified. "
                    + "Use a combination of 'TLSv1', 'TLSv1.1', 'TLSv1.2' and 'TLSv1.3'.");
            }

            chosen |= 1 << index;
        }

        return chosen == 0 ? DefaultProtocols : chosen;
    }

    private void SetProtocol(TlsOptions options, int protocols)
    {
        var flags = NoSslVersion3 | NoCompression | NoRenegotiation;
        if (options.PrefersServerCiphers) flags |= ServerPreference;
        for (var i = 0; i < WithoutProtocol.Length; i++)
            if ((protocols & 1 << i) == 0) flags |= WithoutProtocol[i];
        OpenSsl.SetOptions(_handle, flags);

        // The system's own configuration may say more of versions than is asked for here: what is named here counts.
        OpenSsl.ContextControl(_handle, OpenSsl.ControlLowestProtocol, 0, 0);
        OpenSsl.ContextControl(_handle, OpenSsl.ControlHighestProtocol, 0, 0);
        OpenSsl.ContextControl(
            _handle, OpenSsl.ControlMode, OpenSsl.ModeMovingBuffer | OpenSsl.ModeReleaseBuffers, 0);
        OpenSsl.ContextControl(_handle, OpenSsl.ControlReadAhead, 1, 0);
        if (options.Ciphers.Length > 0 && OpenSsl.SetCiphers(_handle, options.Ciphers) != 1)
            throw new TlsException("Failed to configure ciphers: " + options.Ciphers);
        if (options.CipherSuites.Length > 0 && OpenSsl.SetCipherSuites(_handle, options.CipherSuites) != 1)
            throw new TlsException("Failed to configure ciphersuites: " + options.CipherSuites);
    }

    private void Load(TlsOptions options)
    {
        LoadCertificate(options);
        LoadAuthorities(options);
        if (options.DiffieHellmanFile.Length > 0) LoadDiffieHellman(options.DiffieHellmanFile);
        else OpenSsl.ContextControl(_handle, OpenSsl.ControlAutomaticDiffieHellman, 1, 0);
    }

    private void LoadCertificate(TlsOptions options)
    {
        // Without a callback OpenSSL takes this text for the password; without either it would ask at the terminal.
        var password = Marshal.StringToCoTaskMemUTF8(options.KeyPassword);
        try
        {
            OpenSsl.SetPassword(_handle, password);
            if (OpenSsl.UseCertificateChain(_handle, options.CertificateFile) != 1)
                throw new TlsException($"Failed to load certificate: {options.CertificateFile}: {OpenSsl.TakeReason()}");
            if (OpenSsl.UsePrivateKey(_handle, options.KeyFile, OpenSsl.Pem) != 1 || OpenSsl.CheckPrivateKey(_handle) != 1)
                throw new TlsException($"Failed to load private key: {options.KeyFile}: {OpenSsl.TakeReason()}");
        }
        finally
        {
            OpenSsl.SetPassword(_handle, 0);
            Marshal.ZeroFreeCoTaskMemUTF8(password);
        }
    }

    private void LoadAuthorities(TlsOptions options)
    {
        if (options.AuthoritiesFile.Length == 0 && options.AuthoritiesDirectory.Length == 0) return;
        var file = options.AuthoritiesFile.Length == 0 ? null : options.AuthoritiesFile;
        var directory = options.AuthoritiesDirectory.Length == 0 ? null : options.AuthoritiesDirectory;
        if (OpenSsl.LoadAuthorities(_handle, file, directory) != 1)
            throw new TlsException("Failed to configure CA certificate(s) file/directory: " + OpenSsl.TakeReason());
    }

    private void LoadDiffieHellman(string path)
    {
        var file = OpenSsl.OpenFile(path, "r");
        if (file == 0) throw new TlsException($"Failed loading DH params file: {path}: {OpenSsl.TakeReason()}");
        var parameters = OpenSsl.ReadParameters(file, 0);
        OpenSsl.CloseFile(file);
        if (parameters == 0) throw new TlsException($"Failed to read DH params file: {path}: {OpenSsl.TakeReason()}");
        if (OpenSsl.GiveDiffieHellman(_handle, parameters) == 1) return;
        OpenSsl.FreeParameters(parameters);
        throw new TlsException($"Failed to load DH params file: {path}: {OpenSsl.TakeReason()}");
    }

    private void KeepSessions(TlsOptions options)
    {
        if (!options.KeepsSessions)
        {
            OpenSsl.ContextControl(_handle, OpenSsl.ControlSessionCacheMode, OpenSsl.NoSessions, 0);
            return;
        }

        OpenSsl.ContextControl(_handle, OpenSsl.ControlSessionCacheMode, OpenSsl.SessionsOfClients, 0);
        OpenSsl.ContextControl(_handle, OpenSsl.ControlSessionCacheSize, options.SessionCacheSize, 0);
        OpenSsl.SetSessionTimeout(_handle, options.SessionTimeout);
        var name = "starling"u8;
        fixed (byte* at = name) OpenSsl.SetSessionContext(_handle, at, (uint)name.Length);
    }

    private void Authenticate(TlsClientAuthentication clients) => OpenSsl.SetVerify(
        _handle,
        clients switch
        {
            TlsClientAuthentication.Yes => OpenSsl.VerifyPeer | OpenSsl.VerifyFailWithoutCertificate,
            TlsClientAuthentication.Optional => OpenSsl.VerifyPeer,
            _ => 0,
        },
        0);
}
