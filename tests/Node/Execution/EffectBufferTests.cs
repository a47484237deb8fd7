using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Starling.Node.Execution;
using Starling.Node.Replication;
using Starling.Node.Tests.Commands;
using Starling.Node.Tests.Replication;

namespace Starling.Node.Tests.Execution;

public sealed class EffectBufferTests
{
    [Fact]
    public void Effects_are_the_same_however_short_the_pieces_are() =>
        Prop.ForAll<PositiveInt, NonEmptyArray<NonEmptyArray<NonNull<string>>>>((length, effects) =>
        {
            var (whole, inPieces) = (new EffectBuffer(), new EffectBuffer(pieceLength: 1 + (length.Get * 7)));
            foreach (var buffer in (EffectBuffer[])[whole, inPieces])
            {
                var number = 0;
                foreach (var effect in effects.Get)
                {
                    var database = number++ % 3;
                    var start = buffer.BeginOpen(database);
                    foreach (var argument in effect.Get) buffer.Argument(Encoding.UTF8.GetBytes(argument.Get));
                    buffer.EndOpen(start, effect.Get.Length);
                    buffer.Delete(database, Encoding.UTF8.GetBytes(effect.Get[0].Get), lazily: number % 2 == 0);
                }
            }

            Assert.Equal(1, whole.PieceCount);
            Assert.Equal(Text(whole), Text(inPieces));
            Assert.Equal(Log(whole), Log(inPieces));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_buffer_that_was_emptied_has_one_piece()
    {
        var effects = new EffectBuffer(pieceLength: 10);
        for (var i = 0; i < 3; i++) effects.Delete(0, "a key"u8, lazily: false);
        Assert.InRange(effects.PieceCount, 2, 20);
        effects.Clear();
        Assert.Equal((1, ""), (effects.PieceCount, Text(effects)));
    }

    [Fact]
    public void Members_that_are_taken_at_random_go_out_in_commands_of_bounded_length()
    {
        const int Members = 12;
        using var server = new StarlingNode("--save", "3600 1000");
        using var stream = new ReplicaStream(server.Port);
        for (var i = 0; i < Members; i++) server.Client.Command("SADD", "s", new string((char)('a' + i), 600_000));
        Assert.Equal(Members - 1, server.Client.Command("SPOP", "s", (Members - 1).ToString(CultureInfo.InvariantCulture)).Elements.Count);
        server.Client.Command("SET", "marker", "here");
        var popped = stream.ReadTo("marker").Where(command => command[0] == "SREM").ToList();
        Assert.All(popped, command => Assert.InRange(command.Length, 3, 4));
        Assert.Equal(Members - 1, popped.Sum(command => command.Length - 2));
    }

    private static string Text(EffectBuffer effects)
    {
        var text = new StringBuilder();
        for (var i = 0; i < effects.PieceCount; i++) text.Append(Encoding.UTF8.GetString(effects.Piece(i)));
        return text.ToString();
    }

    private static string Log(EffectBuffer effects)
    {
        var log = new ReplicationLog();
        log.CreateBacklog();
        using var cursor = log.AttachAtEnd();
        log.Append(effects, asTransaction: true);
        var text = new StringBuilder();
        while (cursor.TryRead(out var bytes) && bytes.Length > 0)
        {
            text.Append(Encoding.Latin1.GetString(bytes.Span));
            cursor.Advance(bytes.Length);
        }

        return text.ToString();
    }
}
