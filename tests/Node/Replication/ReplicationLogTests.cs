using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Starling.Node.Replication;

namespace Starling.Node.Tests.Replication;

public sealed class ReplicationLogTests
{
    [Fact]
    public void Nothing_is_appended_without_a_backlog()
    {
        var log = new ReplicationLog();
        Assert.False(log.IsActive);
        Assert.Equal(0, log.Append(0, "*1\r\n$4\r\nPING\r\n"u8, asTransaction: false));
        Assert.Equal(0, log.Offset);
    }

    [Fact]
    public void Select_goes_before_the_first_effect_and_where_the_database_changes()
    {
        var log = Started(out var cursor);
        log.Append(0, "a"u8, asTransaction: false);
        log.Append(0, "b"u8, asTransaction: false);
        log.Append(12, "c"u8, asTransaction: false);
        log.AppendControl("ping"u8);
        log.Append(12, "d"u8, asTransaction: false);
        log.AttachForSnapshot(out var offset, out var database)!.Dispose();
        Assert.Equal(log.Offset, offset);
        Assert.Equal(-1, database);
        log.Append(12, "e"u8, asTransaction: false);
        Assert.Equal(
            "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\nab*2\r\n$6\r\nSELECT\r\n$2\r\n12\r\ncpingd*2\r\n$6\r\nSELECT\r\n$2\r\n12\r\ne",
            Encoding.ASCII.GetString(ReadAll(cursor)));
    }

    [Fact]
    public void A_transaction_is_wrapped_as_a_whole()
    {
        var log = Started(out var cursor);
        var offset = log.Append(3, "xy"u8, asTransaction: true);
        const string Expected = "*1\r\n$5\r\nMULTI\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\nxy*1\r\n$4\r\nEXEC\r\n";
        Assert.Equal(Expected, Encoding.ASCII.GetString(ReadAll(cursor)));
        Assert.Equal(Expected.Length, offset);
    }

    [Fact]
    public void Cursors_and_backlog_agree_with_one_long_array_whatever_the_block_size()
    {
        var script = Gen.ListOf(Gen.Choose(0, 40)).Select(list => list.ToArray()).ToArbitrary();
        Prop.ForAll(script, Gen.Choose(1, 17).ToArbitrary(), Gen.Choose(1, 60).ToArbitrary(), AgreesWithAnArray)
            .QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Every_retained_offset_can_be_attached_and_no_other()
    {
        for (var blockSize = 1; blockSize <= 9; blockSize++)
        {
            var log = new ReplicationLog(backlogSize: 20, blockSize);
            log.CreateBacklog();
            var written = new List<byte>();
            for (var i = 0; i < 25; i++)
            {
                log.AppendControl(Bytes(written, i % 5));
                for (var position = -1L; position <= written.Count + 1; position++)
                {
                    using var cursor = log.TryAttach(position);
                    var retained = position >= Math.Max(0, written.Count - 20) && position <= written.Count;
                    Assert.Equal(retained, cursor is not null);
                    if (cursor is not null) Assert.Equal(written.Skip((int)position), ReadAll(cursor));
                }
            }
        }
    }

    [Fact]
    public void A_slow_cursor_keeps_its_bytes_and_its_disposal_frees_them()
    {
        var log = new ReplicationLog(backlogSize: 16, blockSize: 8);
        log.CreateBacklog();
        var cursor = log.AttachAtEnd();
        var written = new List<byte>();
        for (var i = 0; i < 100; i++) log.AppendControl(Bytes(written, 7));
        Assert.Equal(700, cursor.Lag);
        Assert.True(log.AllocatedBytes >= 700);
        Assert.Equal(written, ReadAll(cursor));
        cursor.Dispose();
        Assert.True(log.AllocatedBytes <= 32);
        Assert.Equal(684, log.FirstPosition);
    }

    [Fact]
    public void Restart_detaches_cursors_and_goes_on_at_the_new_offset()
    {
        var log = Started(out var cursor);
        log.AppendControl("old"u8);
        log.Restart(1000, database: 2);
        log.Append(2, "new"u8, asTransaction: false);
        Assert.True(cursor.IsDetached);
        Assert.False(cursor.TryRead(out _));
        cursor.Dispose();
        Assert.Equal(1003, log.Offset);
        Assert.Equal(1000, log.FirstPosition);
        Assert.Null(log.TryAttach(999));
    }

    [Fact]
    public void A_mirror_takes_the_masters_bytes_and_no_effects()
    {
        var log = Started(out var cursor);
        log.SetMirroring(true);
        Assert.False(log.IsActive);
        Assert.Equal(0, log.Append(0, "effect"u8, asTransaction: false));
        Assert.Equal(6, log.AppendStream("stream"u8, database: 9));
        Assert.Equal(9, log.StreamDatabase);
        log.SetMirroring(false);
        log.Append(9, "x"u8, asTransaction: false);
        Assert.Equal("stream*2\r\n$6\r\nSELECT\r\n$1\r\n9\r\nx", Encoding.ASCII.GetString(ReadAll(cursor)));
    }

    [Fact]
    public void A_smaller_backlog_takes_effect_at_once()
    {
        var log = new ReplicationLog(backlogSize: 1000, blockSize: 10);
        log.CreateBacklog();
        for (var i = 0; i < 50; i++) log.AppendControl("0123456789"u8);
        Assert.Equal(0, log.FirstPosition);
        log.BacklogSize = 25;
        Assert.Equal(475, log.FirstPosition);
        Assert.True(log.AllocatedBytes <= 40);
    }

    [Fact]
    public void Readers_on_other_threads_see_exactly_what_was_appended()
    {
        var log = new ReplicationLog(backlogSize: 100, blockSize: 64);
        log.CreateBacklog();
        const int Total = 200_000;
        var cursors = Enumerable.Range(0, 3).Select(_ => log.AttachAtEnd()).ToArray();
        var failures = 0;
        var readers = cursors.Select(cursor => new Thread(() =>
        {
            var position = 0L;
            while (position < Total)
            {
                if (!cursor.TryRead(out var bytes))
                {
                    Thread.Yield();
                    continue;
                }

                foreach (var b in bytes.Span)
                {
                    if (b != (byte)(position++ * 31)) Interlocked.Increment(ref failures);
                }

                cursor.Advance(bytes.Length);
            }

            cursor.Dispose();
        })).ToArray();
        foreach (var reader in readers) reader.Start();
        var buffer = new byte[101];
        for (var at = 0; at < Total;)
        {
            var count = Math.Min((at % 100) + 1, Total - at);
            for (var i = 0; i < count; i++) buffer[i] = (byte)((at + i) * 31);
            log.AppendControl(buffer.AsSpan(0, count));
            at += count;
        }

        foreach (var reader in readers) Assert.True(reader.Join(TimeSpan.FromSeconds(60)));
        Assert.Equal(0, failures);
    }

    private static bool AgreesWithAnArray(int[] lengths, int blockSize, int backlogSize)
    {
        var log = new ReplicationLog(backlogSize, blockSize);
        log.CreateBacklog();
        var written = new List<byte>();
        var cursors = new List<(LogCursor Cursor, int From)>();
        foreach (var length in lengths)
        {
            log.AppendControl(Bytes(written, length));
            if (length % 3 == 0) cursors.Add((log.AttachAtEnd(), written.Count));
            if (length % 7 == 0 && cursors.Count > 0)
            {
                var (cursor, from) = cursors[length % cursors.Count];
                if (!ReadAll(cursor).SequenceEqual(written.Skip(from))) return false;
                cursor.Dispose();
                cursors.RemoveAt(length % cursors.Count);
            }
        }

        if (log.Offset != written.Count) return false;
        if (log.FirstPosition > Math.Max(0, written.Count - backlogSize)) return false;
        return cursors.TrueForAll(pair => ReadAll(pair.Cursor).SequenceEqual(written.Skip(pair.From)));
    }

    private static ReplicationLog Started(out LogCursor cursor)
    {
        var log = new ReplicationLog(blockSize: 16);
        log.CreateBacklog();
        cursor = log.AttachAtEnd();
        return log;
    }

    private static byte[] Bytes(List<byte> written, int count)
    {
        var bytes = new byte[count];
        for (var i = 0; i < count; i++) bytes[i] = (byte)((written.Count + i) * 13);
        written.AddRange(bytes);
        return bytes;
    }

    private static byte[] ReadAll(LogCursor cursor)
    {
        var all = new List<byte>();
        while (cursor.TryRead(out var bytes))
        {
            all.AddRange(bytes.ToArray());
            cursor.Advance(bytes.Length);
        }

        return [.. all];
    }
}
