namespace Starling.Resp;

/// <summary>The error vocabulary: Redis's messages, to the letter, code first and without the leading '-'.</summary>
public static class ErrorReplies
{
    /// <summary>The value at the key is of another kind.</summary>
    public static ReadOnlySpan<byte> WrongType => "WRONGTYPE Operation against a key holding the wrong kind of value"u8;

    /// <summary>Options that do not parse.</summary>
    public static ReadOnlySpan<byte> Syntax => "ERR syntax error"u8;

    /// <summary>Not a signed 64-bit integer.</summary>
    public static ReadOnlySpan<byte> NotAnInteger => "ERR value is not an integer or out of range"u8;

    /// <summary>Not a floating-point number.</summary>
    public static ReadOnlySpan<byte> NotAFloat => "ERR value is not a valid float"u8;

    /// <summary>The source key does not exist.</summary>
    public static ReadOnlySpan<byte> NoSuchKey => "ERR no such key"u8;

    /// <summary>An index beyond the end.</summary>
    public static ReadOnlySpan<byte> IndexOutOfRange => "ERR index out of range"u8;

    /// <summary>A database number beyond <c>databases</c>.</summary>
    public static ReadOnlySpan<byte> DatabaseOutOfRange => "ERR DB index is out of range"u8;

    /// <summary>A value that would exceed proto-max-bulk-len.</summary>
    public static ReadOnlySpan<byte> StringTooLong => "ERR string exceeds maximum allowed size (proto-max-bulk-len)"u8;

    /// <summary>Keys of several slots in one command.</summary>
    public static ReadOnlySpan<byte> CrossSlot => "CROSSSLOT Keys in request don't hash to the same slot"u8;

    /// <summary>A cluster command on a node that is not in cluster mode.</summary>
    public static ReadOnlySpan<byte> ClusterDisabled => "ERR This instance has cluster support disabled"u8;

    /// <summary>A command before AUTH.</summary>
    public static ReadOnlySpan<byte> NoAuth => "NOAUTH Authentication required."u8;

    /// <summary>A wrong user name or password.</summary>
    public static ReadOnlySpan<byte> WrongPass => "WRONGPASS invalid username-password pair or user is disabled."u8;

    /// <summary>A command that may take memory, when there is none left that maxmemory allows.</summary>
    public static ReadOnlySpan<byte> OutOfMemory => "OOM command not allowed when used memory > 'maxmemory'."u8;

    /// <summary>A write on a read-only replica.</summary>
    public static ReadOnlySpan<byte> ReadOnly => "READONLY You can't write against a read only replica."u8;

    /// <summary>A write with fewer good replicas than min-replicas-to-write.</summary>
    public static ReadOnlySpan<byte> NoReplicas => "NOREPLICAS Not enough good replicas to write."u8;

    /// <summary>A command while the data set is being loaded.</summary>
    public static ReadOnlySpan<byte> Loading => "LOADING Redis is loading the dataset in memory"u8;

    /// <summary>A command on a replica without its master while replica-serve-stale-data is no.</summary>
    public static ReadOnlySpan<byte> MasterDown =>
        "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."u8;

    /// <summary>A command while a script runs for longer than busy-reply-threshold.</summary>
    public static ReadOnlySpan<byte> Busy =>
        "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE."u8;

    /// <summary>A command while a function runs for longer than busy-reply-threshold.</summary>
    public static ReadOnlySpan<byte> BusyFunction =>
        "BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE."u8;

    /// <summary>EVALSHA of a script that is not known.</summary>
    public static ReadOnlySpan<byte> NoScript => "NOSCRIPT No matching script. Please use EVAL."u8;

    /// <summary>EXEC of a transaction in which a command was refused.</summary>
    public static ReadOnlySpan<byte> ExecAbort => "EXECABORT Transaction discarded because of previous errors."u8;

    /// <summary>A protocol version other than 2 and 3.</summary>
    public static ReadOnlySpan<byte> NoProto => "NOPROTO unsupported protocol version"u8;

    /// <summary>One client too many.</summary>
    public static ReadOnlySpan<byte> MaxClients => "ERR max number of clients reached"u8;

    /// <summary>A command that MULTI does not take.</summary>
    public static ReadOnlySpan<byte> NotInTransaction => "ERR Command not allowed inside a transaction"u8;

    /// <summary>A command in MULTI that would make the transaction longer than the replication log takes at once.</summary>
    public static ReadOnlySpan<byte> TransactionTooLong => "ERR Transaction is longer than 2000000000 bytes"u8;
}
