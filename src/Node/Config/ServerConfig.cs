using System.Collections.Concurrent;
using Starling.Transport.Tls;

namespace Starling.Node.Config;

/// <summary>
/// The configuration in force: one property per directive that has an effect, named like the directive
/// (<see cref="DirectiveTable"/> ties
/// the two together). Read by any thread at any time; changed at start by the loader, afterwards by
/// <see cref="ConfigChanges"/> only.
/// </summary>
public sealed class ServerConfig : IServingSettings
{
    /// <summary>Classes of keyspace events, a character each, as CONFIG GET shows them: notify-keyspace-events.</summary>
    public string NotifyKeyspaceEvents { get; set; } = "";

    /// <summary>The tls-* directives.</summary>
    public TlsSettings Tls { get; } = new();

    /// <inheritdoc/>
    int IServingSettings.TlsPort => Tls.Port;

    /// <inheritdoc/>
    TlsOptions IServingSettings.TlsOptions
    {
        get
        {
            var options = Tls.Options;
            return options with
            {
                CertificateFile = Whole(options.CertificateFile),
                KeyFile = Whole(options.KeyFile),
                DiffieHellmanFile = Whole(options.DiffieHellmanFile),
                AuthoritiesFile = Whole(options.AuthoritiesFile),
                AuthoritiesDirectory = Whole(options.AuthoritiesDirectory),
            };

            string Whole(string path) => path.Length == 0 ? path : PathOf(path);
        }
    }

    /// <summary>Values of the directives that are known but have no effect yet, by name.</summary>
    internal ConcurrentDictionary<string, object> Pending { get; } = new(StringComparer.Ordinal);

    /// <summary>What io-threads is when it is not set: half the cores, at least one.</summary>
    public static int DefaultIoThreads => Math.Max(1, Environment.ProcessorCount / 2);

    /// <summary>Who wants to know about changes.</summary>
    public ConfigChanges Changes { get; } = new();

    /// <summary>In which order contents for its file were taken, and which of them is there.</summary>
    internal RewriteOrder Rewrites { get; } = new();

    /// <summary>Absolute path of the configuration file; null when there is none. CONFIG REWRITE writes it.</summary>
    public string? File { get; set; }

    /// <summary>Names of the directives that the user set at start and that have no effect yet.</summary>
    public IReadOnlyList<string> SetWithoutEffect { get; internal set; } = [];

    /// <summary>
    /// The path that a relative path in a directive (logfile, pidfile, unixsocket, cluster-config-file, dbfilename)
    /// stands for: relative to
    /// <see cref="Dir"/>, as Redis changes its working directory to it.
    /// </summary>
    /// <param name="path">The path; it ends at its first zero byte, if it has one, as for the system.</param>
    public string PathOf(string path)
    {
        var end = path.IndexOf('\0', StringComparison.Ordinal);
        return Path.GetFullPath(end < 0 ? path : path[..end], WorkingDirectory.Resolve(Dir));
    }

    /// <summary>
    /// Has <paramref name="action"/> run after every CONFIG SET that changed one of the directives. Runs on the thread
    /// of CONFIG SET, under the
    /// lock of <see cref="Changes"/>; short and without waiting.
    /// </summary>
    public void OnChange(string directive, Action action) => Changes.OnChange(directive, action);

    /// <summary>
    /// As <see cref="OnChange"/>, for what may fail: an answer other than null is the reason, and the whole CONFIG SET
    /// is undone. It is then called
    /// again with the old values back in place. One function registered for several directives runs once.
    /// </summary>
    public void OnApply(string directive, Func<string?> apply) => Changes.OnApply(directive, apply);

    /// <summary>The size of a list's listpacks: <see cref="Slots.Values.ValueOptions.ListMaxListpackSize"/>.</summary>
    public int ListMaxListpackSize { get; set; } = -2;

    /// <summary>The most fields of a hash that is a listpack.</summary>
    public long HashMaxListpackEntries { get; set; } = 512;

    /// <summary>The longest field or value, in bytes, of a hash that is a listpack.</summary>
    public long HashMaxListpackValue { get; set; } = 64;

    /// <summary>The most elements of a sorted set that is one listpack.</summary>
    public long SortedSetMaxListpackEntries { get; set; } = 128;

    /// <summary>The longest member, in bytes, of a sorted set that is one listpack.</summary>
    public long SortedSetMaxListpackValue { get; set; } = 64;

    /// <summary>Bytes that a sparse HyperLogLog may have; one that would need more is made dense.</summary>
    public long HllSparseMaxBytes { get; set; } = 3000;

    /// <summary>The most members of an intset: <see cref="Slots.Values.ValueOptions.SetMaxIntsetEntries"/>.</summary>
    public long SetMaxIntsetEntries { get; set; } = 512;

    /// <summary>The most members of a set's listpack: <see cref="Slots.Values.ValueOptions.SetMaxListpackEntries"/>.</summary>
    public long SetMaxListpackEntries { get; set; } = 128;

    /// <summary>The longest member of a set's listpack: <see cref="Slots.Values.ValueOptions.SetMaxListpackValue"/>.</summary>
    public long SetMaxListpackValue { get; set; } = 64;

    /// <summary>How long a node of a stream may become: <see cref="Slots.Values.ValueOptions.StreamNodeMaxBytes"/>.</summary>
    public long StreamNodeMaxBytes { get; set; } = 4096;

    /// <summary>The most entries of a node of a stream; 0 for no limit.</summary>
    public long StreamNodeMaxEntries { get; set; } = 100;

    /// <summary>TCP port of clients; 0 for none.</summary>
    public int Port { get; set; } = 6379;

    /// <summary>Addresses to listen on; one that starts with '-' may be missing.</summary>
    public string[] Bind { get; set; } = ["*", "-::*"];

    /// <summary>Local address of outgoing connections.</summary>
    public string? BindSourceAddr { get; set; }

    /// <summary>Path of the Unix socket for clients.</summary>
    public string? UnixSocket { get; set; }

    /// <summary>Permissions of the Unix socket, as the octal number's value; 0 leaves them to the umask.</summary>
    public int UnixSocketPerm { get; set; }

    /// <summary>Refuses clients from other hosts while there is no password.</summary>
    public bool ProtectedMode { get; set; } = true;

    /// <summary>Password of the default user.</summary>
    public string? RequirePass { get; set; }

    /// <summary>
    /// Clients must log in: the default user, as whom they begin, has a password or is off. Kept by who knows the users.
    /// </summary>
    public bool WantsPassword { get; internal set; }

    /// <summary>Path of the file of users; empty for none.</summary>
    public string AclFile { get; set; } = "";

    /// <summary>Whether new users may use every channel: allchannels or resetchannels.</summary>
    public string AclPubSubDefault { get; set; } = "resetchannels";

    /// <summary>Most entries of the log of what was refused.</summary>
    public long AclLogMaxLength { get; set; } = 128;

    /// <summary>The users that the configuration defines.</summary>
    internal IReadOnlyList<UserLine> Users { get; set; } = [];

    /// <summary>
    /// What CONFIG REWRITE is to write of the users: a line each, without its directive, and whether it says nothing new. Null where
    /// nobody knows them.
    /// </summary>
    internal Func<IReadOnlyList<(string Line, bool IsDefault)>>? UserLines { get; set; }

    /// <summary>Password for the master.</summary>
    public string? MasterAuth { get; set; }

    /// <summary>User name for the master.</summary>
    public string? MasterUser { get; set; }

    /// <summary>Runs in the background.</summary>
    public bool Daemonize { get; set; }

    /// <summary>File that gets the process id.</summary>
    public string? PidFile { get; set; }

    /// <summary>No, systemd, upstart or auto.</summary>
    public string Supervised { get; set; } = "no";

    /// <summary>Log file; empty for standard output.</summary>
    public string LogFile { get; set; } = "";

    /// <summary>Debug, verbose, notice, warning or nothing.</summary>
    public string LogLevel { get; set; } = "notice";

    /// <summary>Working directory: RDB files and nodes.conf are found there. See <see cref="PathOf"/>.</summary>
    public string Dir { get; set; } = ".";

    /// <summary>Number of databases as configured. In cluster mode only the first one is there: see <see cref="DatabasesInUse"/>.</summary>
    public int Databases { get; set; } = 16;

    /// <summary>Number of databases that there are.</summary>
    public int DatabasesInUse => ClusterEnabled ? 1 : Databases;

    /// <summary>
    /// Whether holes that deleted keys left in native memory are closed in the background. Redis's default is no: there
    /// the one thread that serves all clients does it, and it needs an allocator that helps. Here it is a thread that
    /// serves nobody, in steps under one stripe; without it the memory of deleted keys that lay among others would
    /// never come back, since no block of it becomes empty.
    /// </summary>
    public bool ActiveDefrag { get; set; } = true;

    /// <summary>
    /// Bytes that bringing allocations together must free at least for it to begin. Redis's default is 100 MiB of
    /// whatever the allocator holds beyond what is in use; what counts here is what a pass is sure to free, so less of
    /// it is worth a pass: with 100 MiB, a node of 37 MB of keys that had 340 would keep 106.
    /// </summary>
    public long ActiveDefragIgnoreBytes { get; set; } = 8L << 20;

    /// <summary>The same in percent of the bytes in use.</summary>
    public int ActiveDefragThresholdLower { get; set; } = 10;

    /// <summary>The percentage from which on it takes <see cref="ActiveDefragCycleMax"/>.</summary>
    public int ActiveDefragThresholdUpper { get; set; } = 100;

    /// <summary>Percent of one core's time that it takes at <see cref="ActiveDefragThresholdLower"/>.</summary>
    public int ActiveDefragCycleMin { get; set; } = 1;

    /// <summary>Percent of one core's time that it takes at most.</summary>
    public int ActiveDefragCycleMax { get; set; } = 25;

    /// <summary>Bytes beyond which keys are evicted, or writes refused; 0 for no limit.</summary>
    public long MaxMemory { get; set; }

    /// <summary>Which keys are evicted: one of the words of maxmemory-policy.</summary>
    public string MaxMemoryPolicy { get; set; } = "noeviction";

    /// <summary>Keys that are looked at, at least, for each one that is evicted.</summary>
    public int MaxMemorySamples { get; set; } = 5;

    /// <summary>How long one command may evict: 0 for not at all, 100 for as long as it takes.</summary>
    public int MaxMemoryEvictionTenacity { get; set; } = 10;

    /// <summary>How much rarer than once an access each step of a frequency is.</summary>
    public int LfuLogFactor { get; set; } = 10;

    /// <summary>Minutes without access after which a frequency is one less; 0 for never.</summary>
    public int LfuDecayTime { get; set; } = 1;

    /// <summary>Bytes that the clients may take together; below 0 percent of <see cref="MaxMemory"/>, 0 for no limit.</summary>
    public long MaxMemoryClients { get; set; }

    /// <summary>A replica evicts nothing: what its master deletes is enough.</summary>
    public bool ReplicaIgnoreMaxMemory { get; set; } = true;

    /// <summary>Values of evicted keys are freed as UNLINK does it.</summary>
    public bool LazyFreeLazyEviction { get; set; }

    /// <summary>Seconds after which an idle client is closed; 0 for never.</summary>
    public int Timeout { get; set; }

    /// <summary>Length of the listen queue.</summary>
    public int TcpBacklog { get; set; } = 511;

    /// <summary>Seconds between keep-alive probes; 0 for none.</summary>
    public int TcpKeepAlive { get; set; } = 300;

    /// <summary>Most clients connected at once.</summary>
    public int MaxClients { get; set; } = 10000;

    /// <summary>Longest bulk string in bytes.</summary>
    public long ProtoMaxBulkLen { get; set; } = 536870912;

    /// <summary>The longest string that can be made, in bytes: proto-max-bulk-len, as far as one array holds it.</summary>
    public long LongestString => Math.Min(ProtoMaxBulkLen, LongestArray);

    /// <summary>Bytes that one array, with some room around the string, holds for certain.</summary>
    public const long LongestArray = 2_000_000_000;

    /// <summary>Largest query buffer of a client in bytes.</summary>
    public long ClientQueryBufferLimit { get; set; } = 1073741824;

    /// <summary>Replicas refuse writes of clients.</summary>
    public bool ReplicaReadOnly { get; set; } = true;

    /// <summary>Priority for promotion; 0 for never.</summary>
    public int ReplicaPriority { get; set; } = 100;

    /// <summary>Replicas answer while their link is down.</summary>
    public bool ReplicaServeStaleData { get; set; } = true;

    /// <summary>Address that a replica announces.</summary>
    public string? ReplicaAnnounceIp { get; set; }

    /// <summary>Port that a replica announces; 0 for its own.</summary>
    public int ReplicaAnnouncePort { get; set; }

    /// <summary>Least of <see cref="ReplBacklogSize"/>, as in Redis: less asked for counts as this.</summary>
    public const long LeastReplBacklogSize = 16384;

    /// <summary>Bytes of the replication log kept for partial resynchronisation.</summary>
    public long ReplBacklogSize { get; set; } = 1048576;

    /// <summary>Seconds after the last replica left until the backlog goes; 0 for never.</summary>
    public int ReplBacklogTtl { get; set; } = 3600;

    /// <summary>Seconds of silence after which a replication link is down.</summary>
    public int ReplTimeout { get; set; } = 60;

    /// <summary>Seconds between the master's pings.</summary>
    public int ReplPingReplicaPeriod { get; set; } = 10;

    /// <summary>Full synchronisation streams to the socket.</summary>
    public bool ReplDisklessSync { get; set; } = true;

    /// <summary>Seconds to wait for more replicas before a diskless synchronisation.</summary>
    public int ReplDisklessSyncDelay { get; set; } = 5;

    /// <summary>
    /// Replicas to wait for before a diskless synchronisation, at most the delay; 0 to wait for the delay.
    /// </summary>
    public int ReplDisklessSyncMaxReplicas { get; set; }

    /// <summary>Disabled, on-empty-db or swapdb.</summary>
    public string ReplDisklessLoad { get; set; } = "disabled";

    /// <summary>Writes are refused with fewer good replicas.</summary>
    public int MinReplicasToWrite { get; set; }

    /// <summary>Seconds since its last acknowledgement within which a replica is good.</summary>
    public int MinReplicasMaxLag { get; set; } = 10;

    /// <summary>
    /// Replicas that must have acknowledged a write before its reply leaves; 0 for none. Our own directive.
    /// </summary>
    public int WriteAcks { get; set; }

    /// <summary>I/O threads; 0 for half the cores, at least one.</summary>
    public int IoThreads { get; set; }

    /// <summary>How they send: io_uring, epoll, or auto for the first where the system lets the server.</summary>
    public string IoTransport { get; set; } = "auto";

    /// <summary>Background runs per second.</summary>
    public int Hz { get; set; } = 10;

    /// <summary>Name of the RDB file in dir.</summary>
    public string DbFilename { get; set; } = "dump.rdb";

    /// <summary>Compresses strings in RDB files with LZF.</summary>
    public bool RdbCompression { get; set; } = true;

    /// <summary>Writes and checks the CRC64 of RDB files.</summary>
    public bool RdbChecksum { get; set; } = true;

    /// <summary>Refuses writes after a background save failed.</summary>
    public bool StopWritesOnBgsaveError { get; set; } = true;

    /// <summary>DEL frees values as UNLINK does.</summary>
    public bool LazyFreeLazyUserDel { get; set; }

    /// <summary>Values that the server deletes or that another one replaces are freed as UNLINK does it.</summary>
    public bool LazyFreeLazyServerDel { get; set; }

    /// <summary>Values of expired keys are freed as UNLINK does it.</summary>
    public bool LazyFreeLazyExpire { get; set; }

    /// <summary>FLUSHALL and FLUSHDB without SYNC or ASYNC mean ASYNC.</summary>
    public bool LazyFreeLazyUserFlush { get; set; }

    /// <summary>A replica that gets a new data set does not wait until the old one is freed.</summary>
    public bool ReplicaLazyFlush { get; set; }

    /// <summary>slowlog-log-slower-than: microseconds from which on SLOWLOG has a command; -1 for never.</summary>
    public long SlowLogSlowerThan { get; set; } = 10_000;

    /// <summary>slowlog-max-len: most entries in SLOWLOG.</summary>
    public long SlowLogMaxLength { get; set; } = 128;

    /// <summary>latency-monitor-threshold: milliseconds from which on LATENCY remembers events; 0 for never.</summary>
    public long LatencyMonitorThreshold { get; set; }

    /// <summary>latency-tracking: INFO latencystats is kept.</summary>
    public bool LatencyTracking { get; set; } = true;

    /// <summary>latency-tracking-info-percentiles: numbers from 0 to 100, separated by spaces.</summary>
    public string LatencyTrackingInfoPercentiles { get; set; } = "50 99 99.9";

    /// <summary>No, local or yes.</summary>
    public string EnableDebugCommand { get; set; } = "no";

    /// <summary>No, local or yes: who may ask for modules, of which there are none.</summary>
    public string EnableModuleCommand { get; set; } = "no";

    /// <summary>Yes, no or local: who may change dir and dbfilename by CONFIG SET.</summary>
    public string EnableProtectedConfigs { get; set; } = "no";

    /// <summary>When a background save starts by itself; none when empty.</summary>
    public IReadOnlyList<SavePoint> Save { get; set; } = [new(3600, 1), new(300, 100), new(60, 10000)];

    /// <summary>Limits of the output buffers of ordinary clients.</summary>
    public OutputBufferLimit NormalOutputBufferLimit { get; set; } = new(0, 0, 0);

    /// <summary>Limits of the output buffers of replicas.</summary>
    public OutputBufferLimit ReplicaOutputBufferLimit { get; set; } = new(256L << 20, 64L << 20, 60);

    /// <summary>Limits of the output buffers of subscribers.</summary>
    public OutputBufferLimit PubSubOutputBufferLimit { get; set; } = new(32L << 20, 8L << 20, 60);

    /// <summary>
    /// The master outside cluster mode, or null. REPLICAOF sets it too, so that CONFIG GET and CONFIG REWRITE say what
    /// is so.
    /// </summary>
    public MasterAddress? ReplicaOf { get; set; }

    /// <summary>Seconds that a shutdown waits for lagging replicas; 0 for no waiting.</summary>
    public int ShutdownTimeout { get; set; } = 10;

    /// <summary>What SIGINT asks for: default, or words out of save, nosave, now, force.</summary>
    public string ShutdownOnSigint { get; set; } = "default";

    /// <summary>What SIGTERM asks for: default, or words out of save, nosave, now, force.</summary>
    public string ShutdownOnSigterm { get; set; } = "default";

    /// <summary>Cluster mode.</summary>
    public bool ClusterEnabled { get; set; }

    /// <summary>Name of the cluster's state file in dir.</summary>
    public string ClusterConfigFile { get; set; } = "nodes.conf";

    /// <summary>Port of the cluster bus; 0 for port + 10000.</summary>
    public int ClusterPort { get; set; }

    /// <summary>Milliseconds after which a silent node is PFAIL.</summary>
    public long ClusterNodeTimeout { get; set; } = 15000;

    /// <summary>
    /// Milliseconds after which a node whose last PONG is older is pinged; 0 for half the node timeout.
    /// </summary>
    public long ClusterPingInterval { get; set; }

    /// <summary>
    /// Factor of node timeouts that bounds the age of a replica's data at an election; 0 for any age.
    /// </summary>
    public int ClusterReplicaValidityFactor { get; set; } = 10;

    /// <summary>
    /// A master that starts without its data goes on as one, though its replicas lose theirs by it.
    /// </summary>
    public bool ClusterAllowEmptyMaster { get; set; }

    /// <summary>Replicas that a master must keep when one migrates.</summary>
    public int ClusterMigrationBarrier { get; set; } = 1;

    /// <summary>Replicas may migrate to orphaned masters.</summary>
    public bool ClusterAllowReplicaMigration { get; set; } = true;

    /// <summary>The cluster is down while a slot is uncovered.</summary>
    public bool ClusterRequireFullCoverage { get; set; } = true;

    /// <summary>This replica never starts a failover.</summary>
    public bool ClusterReplicaNoFailover { get; set; }

    /// <summary>Reads are answered while the cluster is down.</summary>
    public bool ClusterAllowReadsWhenDown { get; set; }

    /// <summary>Sharded pub/sub works while the cluster is down.</summary>
    public bool ClusterAllowPubSubShardWhenDown { get; set; } = true;

    /// <summary>Most bytes queued on a bus link; 0 for no limit.</summary>
    public long ClusterLinkSendbufLimit { get; set; }

    /// <summary>Address announced on the bus.</summary>
    public string? ClusterAnnounceIp { get; set; }

    /// <summary>Client port announced on the bus; 0 for port.</summary>
    public int ClusterAnnouncePort { get; set; }

    /// <summary>TLS port announced on the bus; 0 for tls-port.</summary>
    public int ClusterAnnounceTlsPort { get; set; }

    /// <summary>Bus port announced; 0 for the bus port.</summary>
    public int ClusterAnnounceBusPort { get; set; }

    /// <summary>Host name announced.</summary>
    public string ClusterAnnounceHostname { get; set; } = "";

    /// <summary>Name of this node in logs.</summary>
    public string ClusterAnnounceHumanNodename { get; set; } = "";

    /// <summary>Ip, hostname or unknown-endpoint: what redirects name.</summary>
    public string ClusterPreferredEndpointType { get; set; } = "ip";

    /// <summary>Milliseconds that a script may run before other clients are answered BUSY; 0 for never.</summary>
    public long BusyReplyThreshold { get; set; } = 5000;

    /// <summary>The most keys that are remembered for clients who track; 0 for any number.</summary>
    public long TrackingTableMaxKeys { get; set; } = 1_000_000;
}
