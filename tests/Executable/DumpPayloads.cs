using System.Globalization;
using System.Text;
using Starling.Tests.Support;

namespace Starling.Executable.Tests;

/// <summary>
/// Contents of DUMP payloads, the footer of version and checksum cut off: what servers make of values of every type and
/// encoding, and the encodings of old servers, made by hand. Latin-1, one character a byte.
/// </summary>
internal static class DumpPayloads
{
    private const int FooterLength = 10;
    private const ulong ReflectedPolynomial = 0x95AC9329AC4BC9B5;

    private static readonly string Long = new('x', 300);

    /// <summary>What each value is made by; the last word of the first command's key is its name.</summary>
    private static readonly string[][][] Values =
    [
        [["SET", "v", "text"]],
        [["SET", "v", "12345"]],
        [["SET", "v", Long]],
        [["RPUSH", "v", .. Numbers(20)]],
        [["RPUSH", "v", .. Words(60), Long]],
        [["SADD", "v", .. Numbers(20)]],
        [["SADD", "v", .. Words(20)]],
        [["SADD", "v", .. Words(300)]],
        [["HSET", "v", .. Words(20)]],
        [["HSET", "v", .. Words(400), "long", Long]],
        [["HSET", "v", .. Words(20)], ["HEXPIRE", "v", "100000", "FIELDS", "2", "w0", "w2"]],
        [["HSET", "v", .. Words(400), "long", Long], ["HEXPIRE", "v", "100000", "FIELDS", "2", "w0", "w2"]],
        [["ZADD", "v", .. Scored(10)]],
        [["ZADD", "v", .. Scored(200), "1.5", Long]],
        [["XADD", "v", "1-1", "a", "b"], ["XADD", "v", "1-2", "a", "c"], ["XADD", "v", "2-0", "other", "d", "more", "e"], ["XDEL", "v", "1-2"]],
        [
            .. Enumerable.Range(1, 150).Select(i => (string[])["XADD", "v", $"{i}-0", "field", Long[..(i % 50)]]),
            ["XGROUP", "CREATE", "v", "g", "0"], ["XGROUP", "CREATE", "v", "empty", "$"],
            ["XREADGROUP", "GROUP", "g", "alice", "COUNT", "10", "STREAMS", "v", ">"],
            ["XREADGROUP", "GROUP", "g", "bob", "COUNT", "10", "STREAMS", "v", ">"], ["XACK", "v", "g", "3-0", "12-0"],
        ],
        [["PFADD", "v", .. Words(50)]],
    ];

    /// <summary>The contents that a server makes; values of commands that it does not know are left out.</summary>
    public static List<string> Of(RespConnection connection)
    {
        var contents = new List<string>();
        foreach (var commands in Values)
        {
            connection.Call("DEL", "v");
            if (commands.Any(command => connection.Call(command) is RespError)) continue;
            contents.Add(connection.Text("DUMP", "v")[..^FooterLength]);
        }

        return contents;
    }

    /// <summary>The encodings of servers before 7.0.</summary>
    public static List<string> Old()
    {
        string[] pairs = ["a", "1", "b", "22", "ccc", "333"];
        return
        [
            "\x01\x02" + Text("one") + Text("two"),
            "\x02\x02" + Text("one") + Text("two"),
            "\x03\x02" + Text("one") + "\x03" + "1.5" + Text("two") + "\xFE",
            "\x04\x01" + Text("field") + Text("value"),
            "\x09" + Text("\x02\x01" + "a\x01\x00" + "b\x03" + "ccc\x02\x00" + "dd\xFF"),
            "\x0A" + Text(Ziplist(pairs)),
            "\x0B" + Text("\x02\0\0\0\x03\0\0\0\x01\0\x05\0\x09\0"),
            "\x0C" + Text(Ziplist(pairs)),
            "\x0D" + Text(Ziplist(pairs)),
            "\x0E\x02" + Text(Ziplist(pairs)) + Text(Ziplist(["x", "y"])),
        ];
    }

    /// <summary>A payload of a content: with the version and the checksum that belong to it.</summary>
    public static string WithFooter(string content, int version)
    {
        var whole = content + (char)version + '\0';
        var checksum = 0UL;
        foreach (var character in whole)
        {
            checksum ^= (byte)character;
            for (var bit = 0; bit < 8; bit++) checksum = (checksum & 1) == 0 ? checksum >> 1 : checksum >> 1 ^ ReflectedPolynomial;
        }

        var footer = new StringBuilder(whole);
        for (var at = 0; at < 64; at += 8) footer.Append((char)(byte)(checksum >> at));
        return footer.ToString();
    }

    private static string Text(string text) => (char)text.Length + text;

    private static string Ziplist(string[] elements)
    {
        var entries = new StringBuilder();
        var previous = 0;
        var tail = 0;
        foreach (var element in elements)
        {
            tail = 10 + entries.Length;
            entries.Append((char)previous).Append((char)element.Length).Append(element);
            previous = 2 + element.Length;
        }

        return Number(11 + entries.Length, 4) + Number(tail, 4) + Number(elements.Length, 2) + entries + "\xFF";
    }

    private static string Number(int value, int bytes) => string.Concat(Enumerable.Range(0, bytes).Select(at => (char)(byte)(value >> (8 * at))));

    private static IEnumerable<string> Numbers(int count) => Enumerable.Range(0, count).Select(i => (i * i * 977).ToString(CultureInfo.InvariantCulture));

    private static IEnumerable<string> Words(int count) => Enumerable.Range(0, count).Select(i => $"w{i}");

    private static IEnumerable<string> Scored(int count) =>
        Enumerable.Range(0, count).SelectMany(i => (string[])[(i * 0.5).ToString(CultureInfo.InvariantCulture), $"m{i}"]);
}
