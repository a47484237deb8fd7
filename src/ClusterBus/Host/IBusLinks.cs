using Starling.ClusterBus.Protocol;

namespace Starling.ClusterBus.Host;

/// <summary>The connections that an <see cref="EffectRunner"/> works with: real ones, or a simulation's.</summary>
internal interface IBusLinks
{
    /// <summary>Starts to connect; does not wait.</summary>
    /// <param name="effect">Number and address.</param>
    /// <param name="now">The machine's time.</param>
    void Connect(ClusterEffect.Connect effect, long now);

    /// <summary>Closes a link that the machine has forgotten; it may be gone already.</summary>
    void Close(LinkId id);

    /// <summary>Queues a packet; nothing happens when the link is gone.</summary>
    void Send(ClusterEffect.Send packet);
}
