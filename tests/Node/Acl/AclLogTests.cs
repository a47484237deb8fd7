using System.Text;
using Starling.Node.Acl;

namespace Starling.Node.Tests.Acl;

/// <summary>The log of what was refused.</summary>
public class AclLogTests
{
    private readonly AclLog _log = new();

    [Fact]
    public void What_is_refused_again_within_a_minute_is_one_entry()
    {
        Add("get", 1000);
        Add("set", 2000);
        Add("get", 3000);
        var entries = _log.Newest(10);
        Assert.Equal(["get", "set"], entries.Select(entry => Encoding.ASCII.GetString(entry.Object)));
        Assert.Equal((2, 1000, 3000, 0), (entries[0].Count, entries[0].Created, entries[0].Updated, entries[0].Id));
        Assert.Equal(1, entries[1].Id);
        Add("get", 63_001);
        Assert.Equal(3, _log.Newest(10).Length);
        Assert.Equal(4, _log.CountOf(AclDenial.Command));
    }

    [Fact]
    public void Entries_differ_by_reason_context_object_and_user()
    {
        _log.Add(AclDenial.Key, AclPlace.TopLevel, "k"u8, "a"u8, "", 1, most: 10);
        _log.Add(AclDenial.Channel, AclPlace.TopLevel, "k"u8, "a"u8, "", 1, most: 10);
        _log.Add(AclDenial.Key, AclPlace.Transaction, "k"u8, "a"u8, "", 1, most: 10);
        _log.Add(AclDenial.Key, AclPlace.TopLevel, "l"u8, "a"u8, "", 1, most: 10);
        _log.Add(AclDenial.Key, AclPlace.TopLevel, "k"u8, "b"u8, "", 1, most: 10);
        Assert.Equal(5, _log.Newest(10).Length);
    }

    [Fact]
    public void No_more_entries_are_kept_than_wanted_and_no_more_told_than_asked_for()
    {
        for (var i = 0; i < 10; i++) Add("c" + i, 0, most: 5);
        Assert.Equal(5, _log.Newest(100).Length);
        Assert.Equal(2, _log.Newest(2).Length);
        Assert.Empty(_log.Newest(-1));
        Add("x", 0, most: 0);
        Assert.Empty(_log.Newest(100));
        Add("x", 0);
        _log.Clear();
        Assert.Empty(_log.Newest(100));
    }

    [Fact]
    public void A_long_name_is_kept_in_part()
    {
        _log.Add(AclDenial.Key, AclPlace.TopLevel, new byte[1 << 20], new byte[1 << 20], "", 0, most: 10);
        Assert.Equal(64 * 1024, _log.Newest(1)[0].Object.Length);
    }

    private void Add(string command, long now, long most = 128) =>
        _log.Add(AclDenial.Command, AclPlace.TopLevel, Encoding.ASCII.GetBytes(command), "u"u8, "", now, most);
}
