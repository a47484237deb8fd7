using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Starling.Tests.Support;

/// <summary>An authority of its own, and certificates that it has signed, as PEM files of a folder.</summary>
public sealed class TestCertificates
{
    private readonly RSA _authorityKey = RSA.Create(2048);
    private readonly X509Certificate2 _authority;
    private readonly string _folder;
    private int _serial;

    /// <summary>Makes an authority.</summary>
    /// <param name="folder">Where the files go; <c>ca.pem</c> is its certificate.</param>
    public TestCertificates(string folder)
    {
        _folder = folder;
        var request = new CertificateRequest("CN=Authority of a test", _authorityKey, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        _authority = request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(30));
        File.WriteAllText(AuthorityFile, _authority.ExportCertificatePem());
    }

    /// <summary>The file of the authority's certificate.</summary>
    public string AuthorityFile => Path.Combine(_folder, "ca.pem");

    /// <summary>Signs a certificate for a name; its files are <c>name.pem</c> and <c>name.key</c>.</summary>
    /// <param name="name">The subject.</param>
    /// <param name="password">Encrypts the key's file; null for none.</param>
    public X509Certificate2 Sign(string name, string? password = null)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var signed = request.Create(
            _authority, TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(20), [1, 2, (byte)++_serial]);
        File.WriteAllText(CertificateFile(name), signed.ExportCertificatePem());
        File.WriteAllText(
            KeyFile(name),
            password is null
                ? key.ExportPkcs8PrivateKeyPem()
                : key.ExportEncryptedPkcs8PrivateKeyPem(password, new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000)));
        using var whole = signed.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pfx), null);
    }

    /// <summary>The file of a certificate.</summary>
    public string CertificateFile(string name) => Path.Combine(_folder, name + ".pem");

    /// <summary>The file of its key.</summary>
    public string KeyFile(string name) => Path.Combine(_folder, name + ".key");
}
