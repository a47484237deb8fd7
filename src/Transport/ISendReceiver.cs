namespace Starling.Transport;

/// <summary>Is told what became of a send that was put off; see <see cref="ITransport.TryPutOff"/>.</summary>
public interface ISendReceiver
{
    /// <summary>The send is done. On the transport's thread, with no lock held.</summary>
    /// <param name="sent">As <see cref="ITransport.TrySend(ReadOnlySpan{byte})"/> returns it.</param>
    void OnSent(int sent);
}
