namespace Starling.Node.Commands;

/// <summary>A place on the earth, taken for a sphere.</summary>
/// <param name="Longitude">Degrees east of Greenwich.</param>
/// <param name="Latitude">Degrees north of the equator.</param>
internal readonly record struct GeoPosition(double Longitude, double Latitude)
{
    /// <summary>The radius of the earth in metres.</summary>
    public const double EarthRadius = 6372797.560856;

    private const double RadiansPerDegree = Math.PI / 180.0;

    /// <summary>The distance in metres between two places, along a great circle (haversine).</summary>
    public double DistanceTo(GeoPosition other)
    {
        var v = Math.Sin(((other.Longitude * RadiansPerDegree) - (Longitude * RadiansPerDegree)) / 2);
        if (v == 0) return DistanceToLatitude(other.Latitude);
        var (from, to) = (Latitude * RadiansPerDegree, other.Latitude * RadiansPerDegree);
        var u = Math.Sin((to - from) / 2);
        var a = (u * u) + (Math.Cos(from) * Math.Cos(to) * v * v);
        return 2.0 * EarthRadius * Math.Asin(Math.Sqrt(a));
    }

    /// <summary>The distance in metres to a latitude.</summary>
    public double DistanceToLatitude(double latitude) =>
        EarthRadius * Math.Abs((latitude * RadiansPerDegree) - (Latitude * RadiansPerDegree));

    /// <summary>Degrees of so many radians.</summary>
    public static double Degrees(double radians) => radians / RadiansPerDegree;

    /// <summary>The cosine of a latitude in degrees.</summary>
    public static double Cosine(double latitude) => Math.Cos(latitude * RadiansPerDegree);
}
