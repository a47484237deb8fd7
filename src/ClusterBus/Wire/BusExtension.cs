using Starling.ClusterBus.View;

namespace Starling.ClusterBus.Wire;

/// <summary>
/// Ping extensions: 32 bits of length (these included, a multiple of 8), 16 bits of type, 16 unused, data.
/// </summary>
internal static class BusExtension
{
    public const ushort Hostname = 0;
    public const ushort HumanName = 1;
    public const ushort ForgottenNode = 2;
    public const ushort ShardId = 3;

    public const int HeaderLength = 8;
    public const int ForgottenNodeLength = HeaderLength + NodeId.TextLength + 8;
    public const int ShardIdLength = HeaderLength + NodeId.TextLength;

    public static int Align(int length) => (length + 7) / 8 * 8;
}
