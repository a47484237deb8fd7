using System.Buffers;
using Starling.Resp;

namespace Starling.Node.Cluster;

/// <summary>
/// The RESTORE commands of one MIGRATE, in pieces: together they may be longer than the longest array. Written by the
/// handler, then read by the transfer.
/// </summary>
internal sealed class MigratePayload
{
    /// <summary>Bytes from which on a piece is complete, and an argument is a piece of its own.</summary>
    public const int PieceLength = 1024 * 1024;

    private readonly List<(ReadOnlyMemory<byte> Bytes, int Commands)> _pieces = [];
    private ArrayBufferWriter<byte> _open = new();
    private int _commands;

    /// <summary>The pieces in order, each with the number of commands that end in it.</summary>
    public IReadOnlyList<(ReadOnlyMemory<byte> Bytes, int Commands)> Pieces => _pieces;

    /// <summary>Where the parts of a command go that are short.</summary>
    public IBufferWriter<byte> Output => _open;

    /// <summary>Adds an argument that may be long; it must not change any more.</summary>
    public void Argument(ReadOnlyMemory<byte> argument)
    {
        if (argument.Length < PieceLength)
        {
            RespEncoder.Bulk(_open, argument.Span);
            return;
        }

        RespEncoder.BulkHead(_open, argument.Length);
        Close();
        _pieces.Add((argument, 0));
        _open.Write("\r\n"u8);
    }

    /// <summary>A command is complete.</summary>
    public void EndCommand()
    {
        _commands++;
        if (_open.WrittenCount >= PieceLength) Close();
    }

    /// <summary>Everything is written.</summary>
    public void Complete() => Close();

    private void Close()
    {
        if (_open.WrittenCount == 0) return;
        _pieces.Add((_open.WrittenMemory, _commands));
        _open = new ArrayBufferWriter<byte>();
        _commands = 0;
    }
}
