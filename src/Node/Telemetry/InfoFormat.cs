using System.Globalization;

namespace Starling.Node.Telemetry;

/// <summary>Numbers as INFO words them.</summary>
public static class InfoFormat
{
    /// <summary>A number of bytes with a unit: 100B, 1.50K, 2.00M, up to petabytes.</summary>
    public static string Human(long bytes)
    {
        if (bytes < 1024) return bytes.ToString(CultureInfo.InvariantCulture) + "B";
        var value = (double)bytes;
        foreach (var unit in "KMGT")
        {
            value /= 1024;
            if (value < 1024) return Fixed(value, 2) + unit;
        }

        return Fixed(value / 1024, 2) + "P";
    }

    /// <summary>A number with that many decimals.</summary>
    public static string Fixed(double value, int decimals) =>
        value.ToString("F" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    /// <summary>One number by another, with two decimals; 0.00 when there is nothing to divide by.</summary>
    public static string Ratio(double value, double by) => Fixed(by == 0 ? 0 : value / by, 2);
}
