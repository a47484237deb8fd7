namespace Starling.Slots;

/// <summary>
/// The order in which a thread may wait for locks: of rising rank only, so that no two threads can wait for each other.
/// Two locks of one rank are never held together. <see cref="LockOrder"/> checks it.
/// </summary>
public enum LockRank
{
    /// <summary>
    /// What frees deleted values, one thing at a time, held over the whole step. The only lock that stripes are taken
    /// under.
    /// </summary>
    FreeingWork,

    /// <summary>
    /// The stripes, ascending, or all of them: the keys and values. Everything below may be taken under them; nothing
    /// that blocks may be done.
    /// </summary>
    Stripe,

    /// <summary>
    /// A library of functions while one of them runs: what the commands that it calls take, but for stripes, which its call has.
    /// </summary>
    Library,

    /// <summary>
    /// Changes of the configuration, one at a time. What a change has others do happens under it: anything below.
    /// </summary>
    Configuration,

    /// <summary>Changes of the addresses listened on, one at a time. Takes leaves.</summary>
    Listening,

    /// <summary>
    /// The cluster machine and its time. What it asks for is queued under it, and a view may be published: the two
    /// ranks below.
    /// </summary>
    ClusterMachine,

    /// <summary>The effects in line and which view was published last. Publishing takes the routing table's lock.</summary>
    ClusterEffects,

    /// <summary>The last view and the routing table made of it. Takes leaves.</summary>
    Routing,

    /// <summary>
    /// Which replicas there are, and what must not change while one joins: history and state of their
    /// synchronisation. Pumps, the log and outputs are taken under it.
    /// </summary>
    Membership,

    /// <summary>One replica's place in the log, held while its stream is sent. Takes the log's lock, an output's.</summary>
    ReplicaPump,

    /// <summary>The replication log: its blocks, its end and its readers' places. Takes leaves.</summary>
    ReplicationLog,

    /// <summary>What enough replicas have acknowledged. Under it the commit gate moves, which takes leaves.</summary>
    Acknowledgements,

    /// <summary>Who is to hear of which key: watched keys, events in line. Takes outputs and leaves.</summary>
    Subscriptions,

    /// <summary>What one connection has to send. Takes leaves.</summary>
    ConnectionOutput,

    /// <summary>Memory on its way back to the system, one piece at a time. Takes the leaf of the same pool.</summary>
    MemoryReturn,

    /// <summary>Guards some fields of one object for some instructions, and takes nothing but what comes below.</summary>
    Leaf,

    /// <summary>A thread's mailbox: whoever holds whatever may leave something there.</summary>
    Mailbox,

    /// <summary>Native memory in use: whoever holds whatever may allocate and free.</summary>
    Memory,

    /// <summary>Lines for the log file: whoever holds whatever may write one.</summary>
    LogLines,
}
