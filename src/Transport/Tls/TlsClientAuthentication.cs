namespace Starling.Transport.Tls;

/// <summary>Whether clients show a certificate: <c>tls-auth-clients</c>.</summary>
public enum TlsClientAuthentication
{
    /// <summary>They are not asked.</summary>
    No,

    /// <summary>They are asked, and refused without a good one.</summary>
    Yes,

    /// <summary>They are asked; a bad one is refused, none is not.</summary>
    Optional,
}
