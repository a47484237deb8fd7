namespace Starling.Node.Commands;

/// <summary>
/// A cell of the grid that geohashes are made of: 2^step by 2^step cells over all longitudes and the latitudes that a
/// Mercator map shows. Its hash interleaves the bits of column and row, the column's first; the score of a place is the
/// hash of its cell at 26 steps, 52 bits.
/// </summary>
/// <param name="Row">From the south, 0 to 2^step - 1.</param>
/// <param name="Column">From the west, 0 to 2^step - 1.</param>
/// <param name="Step">Bits of row and column each.</param>
internal readonly record struct GeoCell(uint Row, uint Column, int Step)
{
    /// <summary>The most steps.</summary>
    public const int MaxStep = 26;

    /// <summary>The highest longitude in degrees; the lowest is its negative.</summary>
    public const double MaxLongitude = 180;

    /// <summary>The highest latitude in degrees; the lowest is its negative.</summary>
    public const double MaxLatitude = 85.05112878;

    private const double TwoTo63 = 9223372036854775808.0;
    private const double TwoTo64 = 18446744073709551616.0;

    /// <summary>The score where the cell's places begin.</summary>
    public double FirstScore => Hash << (2 * (MaxStep - Step));

    /// <summary>The score where the places of the next hash begin.</summary>
    public double EndScore => (Hash + 1) << (2 * (MaxStep - Step));

    /// <summary>The southern edge in degrees.</summary>
    public double South => Edge(Row, MaxLatitude);

    /// <summary>The northern edge in degrees.</summary>
    public double North => Edge(Row + 1.0, MaxLatitude);

    /// <summary>The western edge in degrees.</summary>
    public double West => Edge(Column, MaxLongitude);

    /// <summary>The eastern edge in degrees.</summary>
    public double East => Edge(Column + 1.0, MaxLongitude);

    /// <summary>The place in the middle, within the bounds.</summary>
    public GeoPosition Middle => new(
        Math.Clamp((West + East) / 2, -MaxLongitude, MaxLongitude),
        Math.Clamp((South + North) / 2, -MaxLatitude, MaxLatitude));

    /// <summary>Column and row interleaved.</summary>
    public ulong Hash => Spread(Row) | Spread(Column) << 1;

    /// <summary>The cell of a place.</summary>
    /// <param name="position">The place, within the bounds.</param>
    /// <param name="step">Bits of row and column each.</param>
    /// <param name="maxLatitude">Where the grid ends in the north; its negative in the south.</param>
    public static GeoCell Of(GeoPosition position, int step, double maxLatitude = MaxLatitude)
    {
        var cells = (double)(1UL << step);
        return new GeoCell(
            (uint)((position.Latitude + maxLatitude) / (2 * maxLatitude) * cells),
            (uint)((position.Longitude + MaxLongitude) / (2 * MaxLongitude) * cells),
            step);
    }

    /// <summary>The cell that a score stands for, whatever the score.</summary>
    public static GeoCell OfScore(double score)
    {
        var hash = score < TwoTo63 ? (ulong)(long)score : score < TwoTo64 ? (ulong)score : 0;
        return new GeoCell(Gather(hash), Gather(hash >> 1), MaxStep);
    }

    /// <summary>
    /// The cell so many columns to the east and rows to the north; the grid is closed in both directions. The places on its
    /// northern and eastern edges are in cells beyond it, which stay there in the direction in which they do not move.
    /// </summary>
    public GeoCell Move(int columns, int rows)
    {
        var mask = (1u << Step) - 1;
        return this with
        {
            Column = columns == 0 ? Column : (uint)(Column + columns) & mask,
            Row = rows == 0 ? Row : (uint)(Row + rows) & mask,
        };
    }

    private double Edge(double index, double max) => -max + (index / (1UL << Step) * (2 * max));

    private static ulong Spread(uint value)
    {
        ulong bits = value;
        bits = (bits | bits << 16) & 0x0000_FFFF_0000_FFFF;
        bits = (bits | bits << 8) & 0x00FF_00FF_00FF_00FF;
        bits = (bits | bits << 4) & 0x0F0F_0F0F_0F0F_0F0F;
        bits = (bits | bits << 2) & 0x3333_3333_3333_3333;
        return (bits | bits << 1) & 0x5555_5555_5555_5555;
    }

    private static uint Gather(ulong bits)
    {
        bits &= 0x5555_5555_5555_5555;
        bits = (bits | bits >> 1) & 0x3333_3333_3333_3333;
        bits = (bits | bits >> 2) & 0x0F0F_0F0F_0F0F_0F0F;
        bits = (bits | bits >> 4) & 0x00FF_00FF_00FF_00FF;
        bits = (bits | bits >> 8) & 0x0000_FFFF_0000_FFFF;
        return (uint)(bits | bits >> 16);
    }
}
