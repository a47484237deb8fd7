namespace Starling.Node.Tests.Replication;

/// <summary>A disk that fails costs a synchronisation, never the server.</summary>
public sealed class ReplicationDiskTests
{
    [Fact]
    public void A_master_whose_directory_goes_while_it_sends_the_file_goes_on()
    {
        using var master = new StarlingNode("--repl-diskless-sync", "no");
        var random = new Random(7);
        for (var i = 0; i < 24; i++)
        {
            // More than sockets hold, and nothing that could be compressed.
            var value = Convert.ToHexString(Enumerable.Range(0, 1 << 19).Select(_ => (byte)random.Next(256)).ToArray());
            master.Client.Command("SET", "k:" + i, value);
        }

        using (var replica = new PlayedReplica(master.Port, takesStreams: false))
        {
            replica.Ask();
            SyncClient.WaitFor(
                () => master.Text("INFO", "replication")!.Contains("state=send_bulk", StringComparison.Ordinal),
                () => master.Log);
            Directory.Delete(master.Directory, recursive: true);
            replica.Synchronize();
            SyncClient.WaitFor(
                () => master.Text("INFO", "replication")!.Contains("state=online", StringComparison.Ordinal),
                () => master.Log);
        }

        Assert.Equal("PONG", master.Text("PING"));

        // The next one finds no place for its file.
        using (var replica = new PlayedReplica(master.Port, takesStreams: false))
        {
            replica.Ask();
            Assert.ThrowsAny<IOException>(replica.Synchronize);
        }

        Assert.Equal("PONG", master.Text("PING"));
        Directory.CreateDirectory(master.Directory);
        using (var replica = new PlayedReplica(master.Port, takesStreams: false))
        {
            replica.Ask();
            replica.Synchronize();
        }
    }
}
