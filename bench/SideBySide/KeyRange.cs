namespace Starling.Bench.SideBySide;

/// <summary>How many keys of each family the servers hold.</summary>
/// <param name="Keys">Keys of 11 bytes with values of 32.</param>
/// <param name="Lists">Lists of 100 values of 32 bytes.</param>
internal sealed record KeyRange(int Keys, int Lists)
{
    /// <summary>Keys of the families that the rows make themselves: with an expiry, numbers, appended strings.</summary>
    public int Fewer => Math.Max(1, Keys / 10);
}
