namespace Starling.Bench.SideBySide;

/// <summary>How many keys of each family the servers hold.</summary>
/// <param name="Keys">Keys of 11 bytes with values of 32.</param>
/// <param name="Lists">Lists of 100 values of 32 bytes.</param>
internal sealed record KeyRange(int Keys, int Lists)
{
    /// <summary>Large collections of each type.</summary>
    public const int Large = 10;

    /// <summary>Elements of a large collection.</summary>
    public const int LargeElements = 1000;

    /// <summary>Elements of a medium collection; there are as many of those as lists.</summary>
    public const int MediumElements = 100;

    /// <summary>Elements of a small collection; there are as many of those as lists.</summary>
    public const int SmallElements = 10;

    /// <summary>Keys of the families that the rows make themselves: with an expiry, numbers, appended strings.</summary>
    public int Fewer => Math.Max(1, Keys / 10);
}
