namespace Starling.Node.Tests.Commands;

/// <summary>An argument of a command as COMMAND DOCS describes it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type: "key", "string", "integer", "oneof", "block" and so on.</param>
/// <param name="Token">The word before it; null without one.</param>
/// <param name="Flags">"optional", "multiple", "multiple_token".</param>
/// <param name="Parts">What a block or a choice consists of.</param>
internal sealed record TableArgument(string Name, string Type, string? Token, IReadOnlyList<string> Flags, IReadOnlyList<TableArgument> Parts)
{
    /// <summary>Reads arguments out of a reply.</summary>
    public static IReadOnlyList<TableArgument> Read(RawReply? arguments) => arguments is null ? [] : [.. arguments.Items.Select(ReadOne)];

    private static TableArgument ReadOne(RawReply argument) => new(
        Field(argument, "name")!.Text!,
        Field(argument, "type")!.Text!,
        Field(argument, "token")?.Text,
        [.. Field(argument, "flags")?.Items.Select(flag => flag.Text!) ?? []],
        Read(Field(argument, "arguments")));

    /// <summary>A field of a map, which RESP2 sends as keys and values in turn.</summary>
    public static RawReply? Field(RawReply map, string name)
    {
        for (var i = 0; i + 1 < map.Items.Count; i += 2)
            if (map.Items[i].Text == name) return map.Items[i + 1];

        return null;
    }
}
