namespace Starling.Simulator;

/// <summary>Kinds of faults that a plan has injected.</summary>
[Flags]
public enum SimulationFaults
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Processes that crash or pause, and partitions.</summary>
    Processes = 1,

    /// <summary>Cuts of single links and in one direction, and bridges between parts that do not hear each other.</summary>
    Links = 2,

    /// <summary>Disks that are stuck.</summary>
    Disks = 4,

    /// <summary>Wall clocks that are off and step.</summary>
    Clocks = 8,

    /// <summary>Failovers that are asked for.</summary>
    Failovers = 16,

    /// <summary>SETSLOT, FORGET, RESET and TAKEOVER.</summary>
    Administration = 32,

    /// <summary>All.</summary>
    All = Processes | Links | Disks | Clocks | Failovers | Administration,
}
