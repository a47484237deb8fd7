namespace Starling.Node.Commands;

/// <summary>What is searched: a circle, or a box whose sides follow longitudes and latitudes.</summary>
/// <param name="Center">The middle.</param>
/// <param name="Width">Metres from west to east; of a circle twice the radius.</param>
/// <param name="Height">Metres from south to north; of a circle twice the radius.</param>
/// <param name="IsCircle">A circle.</param>
internal readonly record struct GeoShape(GeoPosition Center, double Width, double Height, bool IsCircle)
{
    private const int Cells = 9;

    /// <summary>Half the length of the equator on the map, in metres.</summary>
    private const double MapEnd = 20037726.37;

    /// <summary>Towards the poles cells get narrow: from these latitudes on larger ones are used.</summary>
    private const double FirstNarrow = 66;

    private const double SecondNarrow = 80;

    private double Radius => IsCircle
        ? Width / 2
        : Math.Sqrt((Width / 2 * (Width / 2)) + (Height / 2 * (Height / 2)));

    /// <summary>True when a place is in the shape; <paramref name="distance"/> is that from the middle, in metres.</summary>
    public bool Contains(GeoPosition place, out double distance)
    {
        distance = 0;
        if (IsCircle)
        {
            distance = Center.DistanceTo(place);
            return distance <= Width / 2;
        }

        if (place.DistanceToLatitude(Center.Latitude) > Height / 2) return false;
        if (place.DistanceTo(Center with { Latitude = place.Latitude }) > Width / 2) return false;
        distance = Center.DistanceTo(place);
        return true;
    }

    /// <summary>
    /// The cells that the shape may have places in, at most nine: the one of the middle and those around it, in the order in
    /// which results come.
    /// </summary>
    /// <returns>How many there are.</returns>
    public int Cover(Span<GeoCell> cells)
    {
        var latitudes = GeoPosition.Degrees(Height / 2 / GeoPosition.EarthRadius);
        var (south, north) = (Center.Latitude - latitudes, Center.Latitude + latitudes);

        // The edge that is farther from the equator spans more longitudes.
        var widest = Center.Latitude < 0 ? south : north;
        var longitudes = GeoPosition.Degrees(Width / 2 / GeoPosition.EarthRadius / GeoPosition.Cosine(widest));
        var (west, east) = (Center.Longitude - longitudes, Center.Longitude + longitudes);
        var step = EstimateStep();
        var middle = GeoCell.Of(Center, step);
        var isTooSmall = middle.Move(0, 1).North < north || middle.Move(0, -1).South > south
            || middle.Move(1, 0).East < east || middle.Move(-1, 0).West > west;
        if (step > 1 && isTooSmall) middle = GeoCell.Of(Center, --step);
        ReadOnlySpan<(int Columns, int Rows)> moves =
            [(0, 0), (0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1)];
        var count = 0;
        foreach (var (columns, rows) in moves)
        {
            var isUseless = step >= 2
                && ((rows < 0 && middle.South < south) || (rows > 0 && middle.North > north)
                    || (columns < 0 && middle.West < west) || (columns > 0 && middle.East > east));
            if (isUseless) continue;

            // With few cells on the map the same one may be on both sides.
            var cell = middle.Move(columns, rows);
            if (count < 2 || cells[count - 1] != cell) cells[count++] = cell;
        }

        return count;
    }

    /// <summary>Room for <see cref="Cover"/>.</summary>
    public static int MostCells => Cells;

    private int EstimateStep()
    {
        var range = Radius;
        if (range == 0) return GeoCell.MaxStep;
        var step = 1;
        for (; range < MapEnd; range *= 2) step++;
        step -= 2;
        if (Math.Abs(Center.Latitude) > FirstNarrow) step--;
        if (Math.Abs(Center.Latitude) > SecondNarrow) step--;
        return Math.Clamp(step, 1, GeoCell.MaxStep);
    }
}
