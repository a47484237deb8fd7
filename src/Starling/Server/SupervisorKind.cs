namespace Starling.CommandLine.Server;

/// <summary>Who supervises the process.</summary>
internal enum SupervisorKind
{
    /// <summary>Nobody.</summary>
    None,

    /// <summary>systemd.</summary>
    Systemd,

    /// <summary>upstart.</summary>
    Upstart,

    /// <summary>upstart was asked for and is not there.</summary>
    MissingUpstart,
}
