using System.Text;

namespace Starling.Node.Acl;

/// <summary>
/// A user: the same object as long as there is one of the name, whom sessions refer to. What it may do is read by any thread
/// at any time.
/// </summary>
internal sealed class AclUser(byte[] name, UserRights rights)
{
    private UserRights _rights = rights;

    /// <summary>Who has not logged in, while some password is wanted.</summary>
    public static AclUser Stranger { get; } = new(DefaultName.ToArray(), UserRights.Nothing);

    /// <summary>No user: the server itself, and the master of a replica. What they send is not judged.</summary>
    public static AclUser Nobody { get; } = new("(superuser)"u8.ToArray(), UserRights.Everything);

    /// <summary>The name of the user that connections begin as.</summary>
    public static ReadOnlySpan<byte> DefaultName => "default"u8;

    /// <summary>The name.</summary>
    public byte[] Name { get; } = name;

    /// <summary>The name as CLIENT LIST shows it.</summary>
    public string DisplayName { get; } = Encoding.UTF8.GetString(name);

    /// <summary>What the user may do now; nothing once it is deleted.</summary>
    public UserRights Rights
    {
        get => Volatile.Read(ref _rights);
        set => Volatile.Write(ref _rights, value);
    }
}
