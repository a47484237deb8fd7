namespace Starling.ClusterBus.Host;

/// <summary>Where nodes.conf goes: the disk, or a simulation's. Requests are carried out in their order.</summary>
internal interface IConfigStore
{
    /// <summary>The number of the last request.</summary>
    long Requested { get; }

    /// <summary>Requests up to this number were carried out.</summary>
    long Done { get; }

    /// <summary>Asks for the file to be written by the text of then. Returns at once.</summary>
    /// <param name="sync">It is to be durable.</param>
    /// <returns>The request's number.</returns>
    long Request(bool sync);

    /// <summary>Waits until a request was carried out.</summary>
    void Wait(long request);
}
