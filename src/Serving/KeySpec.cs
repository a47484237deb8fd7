namespace Starling.Serving;

/// <summary>Where a command's keys are among its arguments, counted from the command's name at 0.</summary>
/// <param name="First">Position of the first key; 0 when there is none.</param>
/// <param name="Last">Position of the last key; negative counts from the end (-1 is the last argument).</param>
/// <param name="Step">Distance from key to key.</param>
public readonly record struct KeySpec(int First, int Last, int Step)
{
    /// <summary>No keys.</summary>
    public static KeySpec None => default;

    /// <summary>One key at a position.</summary>
    public static KeySpec At(int position) => new(position, position, 1);

    /// <summary>Keys from a position to the last argument.</summary>
    public static KeySpec From(int position, int step = 1) => new(position, -1, step);

    /// <summary>Keys at two adjacent positions.</summary>
    public static KeySpec Range(int first, int last) => new(first, last, 1);
}
