using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;

namespace Starling.Transport.Tls;

/// <summary>
/// The C API of OpenSSL 3, from the system's library, as far as encrypted streams need it. Nothing here waits: sockets do not block.
/// What a call has to say of a failure is in a queue of its thread, so it is asked for on that thread, before the next call.
/// </summary>
internal static unsafe partial class OpenSsl
{
    /// <summary>The library of the protocol.</summary>
    public const string Library = "libssl.so.3";

    /// <summary>The library of what the protocol is made of.</summary>
    public const string CryptoLibrary = "libcrypto.so.3";

    /// <summary>Failed for good; the queue says why.</summary>
    public const int ErrorSsl = 1;

    /// <summary>Waits until the socket can be read.</summary>
    public const int ErrorWantRead = 2;

    /// <summary>Waits until the socket can be written.</summary>
    public const int ErrorWantWrite = 3;

    /// <summary>The system refused; errno says why.</summary>
    public const int ErrorSystem = 5;

    /// <summary>The peer has closed its side in order.</summary>
    public const int ErrorZeroReturn = 6;

    /// <summary>Command of <see cref="ContextControl"/>: adds modes.</summary>
    public const int ControlMode = 33;

    /// <summary>Command: reads as much as there is, not header and body one after the other.</summary>
    public const int ControlReadAhead = 41;

    /// <summary>Command: sessions that are kept.</summary>
    public const int ControlSessionCacheSize = 42;

    /// <summary>Command: which sessions are kept.</summary>
    public const int ControlSessionCacheMode = 44;

    /// <summary>Command: parameters of Diffie-Hellman that fit the key.</summary>
    public const int ControlAutomaticDiffieHellman = 118;

    /// <summary>Command: the lowest version of the protocol.</summary>
    public const int ControlLowestProtocol = 123;

    /// <summary>Command: the highest version of the protocol.</summary>
    public const int ControlHighestProtocol = 124;

    /// <summary>Mode: a write that is tried again may come from elsewhere in memory.</summary>
    public const int ModeMovingBuffer = 2;

    /// <summary>Mode: a stream at rest has no buffers.</summary>
    public const int ModeReleaseBuffers = 16;

    /// <summary>Of <see cref="ControlSessionCacheMode"/>: none.</summary>
    public const int NoSessions = 0;

    /// <summary>Of <see cref="ControlSessionCacheMode"/>: those of clients.</summary>
    public const int SessionsOfClients = 2;

    /// <summary>Of <see cref="SetVerify"/>: the peer is asked for a certificate, and one that it has must be good.</summary>
    public const int VerifyPeer = 1;

    /// <summary>Of <see cref="SetVerify"/>: and it must have one.</summary>
    public const int VerifyFailWithoutCertificate = 2;

    /// <summary>A file as PEM.</summary>
    public const int Pem = 1;

    private const int LongestReason = 256;

    private static readonly Lazy<bool> Found = new(() =>
        NativeLibrary.TryLoad(CryptoLibrary, Assembly.GetExecutingAssembly(), null, out _)
        && NativeLibrary.TryLoad(Library, Assembly.GetExecutingAssembly(), null, out _));

    /// <summary>The libraries are there.</summary>
    public static bool IsThere => Found.Value;

    [LibraryImport(Library, EntryPoint = "TLS_method")]
    public static partial nint Method();

    [LibraryImport(Library, EntryPoint = "SSL_CTX_new")]
    public static partial nint NewContext(nint method);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_free")]
    public static partial void FreeContext(nint context);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_set_options")]
    public static partial ulong SetOptions(nint context, ulong options);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_ctrl")]
    public static partial nint ContextControl(nint context, int command, nint number, nint pointer);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_set_timeout")]
    public static partial nint SetSessionTimeout(nint context, nint seconds);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_set_session_id_context")]
    public static partial int SetSessionContext(nint context, byte* name, uint length);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_set_verify")]
    public static partial void SetVerify(nint context, int mode, nint callback);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_use_certificate_chain_file", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int UseCertificateChain(nint context, string file);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_use_PrivateKey_file", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int UsePrivateKey(nint context, string file, int type);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_check_private_key")]
    public static partial int CheckPrivateKey(nint context);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_set_default_passwd_cb_userdata")]
    public static partial void SetPassword(nint context, nint password);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_load_verify_locations", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int LoadAuthorities(nint context, string? file, string? directory);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_set_cipher_list", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SetCiphers(nint context, string ciphers);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_set_ciphersuites", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SetCipherSuites(nint context, string suites);

    [LibraryImport(Library, EntryPoint = "SSL_CTX_set0_tmp_dh_pkey")]
    public static partial int GiveDiffieHellman(nint context, nint parameters);

    [LibraryImport(CryptoLibrary, EntryPoint = "BIO_new_file", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint OpenFile(string file, string mode);

    [LibraryImport(CryptoLibrary, EntryPoint = "BIO_free")]
    public static partial int CloseFile(nint file);

    [LibraryImport(CryptoLibrary, EntryPoint = "PEM_read_bio_Parameters")]
    public static partial nint ReadParameters(nint file, nint into);

    [LibraryImport(CryptoLibrary, EntryPoint = "EVP_PKEY_free")]
    public static partial void FreeParameters(nint parameters);

    [LibraryImport(Library, EntryPoint = "SSL_new")]
    public static partial nint New(nint context);

    [LibraryImport(Library, EntryPoint = "SSL_free")]
    public static partial void Free(nint stream);

    [LibraryImport(Library, EntryPoint = "SSL_set_fd")]
    public static partial int SetDescriptor(nint stream, int descriptor);

    [LibraryImport(Library, EntryPoint = "SSL_set_accept_state")]
    public static partial void Accept(nint stream);

    [LibraryImport(Library, EntryPoint = "SSL_set_connect_state")]
    public static partial void Connect(nint stream);

    [LibraryImport(Library, EntryPoint = "SSL_do_handshake")]
    public static partial int ShakeHands(nint stream);

    [LibraryImport(Library, EntryPoint = "SSL_is_init_finished")]
    public static partial int HasShakenHands(nint stream);

    [LibraryImport(Library, EntryPoint = "SSL_read")]
    public static partial int Read(nint stream, byte* buffer, int length);

    [LibraryImport(Library, EntryPoint = "SSL_write")]
    public static partial int Write(nint stream, byte* bytes, int length);

    [LibraryImport(Library, EntryPoint = "SSL_has_pending")]
    public static partial int HasPending(nint stream);

    [LibraryImport(Library, EntryPoint = "SSL_get_error")]
    public static partial int GetError(nint stream, int result);

    [LibraryImport(Library, EntryPoint = "SSL_shutdown")]
    public static partial int Shutdown(nint stream);

    [LibraryImport(CryptoLibrary, EntryPoint = "ERR_clear_error")]
    public static partial void ClearErrors();

    /// <summary>What the thread's queue says of the last failure, in OpenSSL's words; empties it.</summary>
    public static string TakeReason()
    {
        var first = NextError();
        if (first == 0) return "no reason given";
        var text = stackalloc byte[LongestReason];
        Describe(first, text, LongestReason);
        ClearErrors();
        return Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));
    }

    [LibraryImport(CryptoLibrary, EntryPoint = "ERR_get_error")]
    private static partial nuint NextError();

    [LibraryImport(CryptoLibrary, EntryPoint = "ERR_error_string_n")]
    private static partial void Describe(nuint error, byte* text, nuint length);
}
