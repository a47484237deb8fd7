namespace Starling.Node.Persistence;

/// <summary>The numbers of the RDB format (rdb.h of Redis 7.2 names them).</summary>
internal static class RdbFormat
{
    /// <summary>The version that is written: any server since 7.0 reads it.</summary>
    public const int WrittenVersion = 10;

    /// <summary>The version that is written when fields of hashes expire: servers since 7.4 read it.</summary>
    public const int FieldExpiryVersion = 12;

    /// <summary>The newest version of the Redis family that is read.</summary>
    public const int NewestVersion = 12;

    /// <summary>The version of the Valkey family that is read: it has a signature of its own.</summary>
    public const int ValkeyVersion = 80;

    /// <summary>What redis-ver says: the version whose behaviour this server has.</summary>
    public const string ServerVersion = "7.2.4";

    public const int HeaderLength = 9;
    public const int ChecksumLength = 8;
    public const int FirstVersionWithChecksum = 5;

    public const byte OpcodeSlotInfo = 244;
    public const byte OpcodeFunction2 = 245;
    public const byte OpcodeFunctionPreRelease = 246;
    public const byte OpcodeModuleAuxiliary = 247;
    public const byte OpcodeIdle = 248;
    public const byte OpcodeFrequency = 249;
    public const byte OpcodeAuxiliary = 250;
    public const byte OpcodeResizeDatabase = 251;
    public const byte OpcodeExpiryMilliseconds = 252;
    public const byte OpcodeExpirySeconds = 253;
    public const byte OpcodeSelectDatabase = 254;
    public const byte OpcodeEnd = 255;

    public const byte Length14Bit = 0x40;
    public const byte Length32Bit = 0x80;
    public const byte Length64Bit = 0x81;
    public const byte LengthKindMask = 0xC0;
    public const byte EncodedString = 0xC0;

    public const byte EncodingInt8 = 0;
    public const byte EncodingInt16 = 1;
    public const byte EncodingInt32 = 2;
    public const byte EncodingLzf = 3;

    public const int ModuleEnd = 0;
    public const int ModuleSigned = 1;
    public const int ModuleUnsigned = 2;
    public const int ModuleFloat = 3;
    public const int ModuleDouble = 4;
    public const int ModuleString = 5;
}
