using Starling.Node.PubSub;
using Starling.Resp;

namespace Starling.Node.Execution;

/// <summary>A PUBLISH or SPUBLISH that has run, whose message is still to be delivered.</summary>
/// <param name="Arguments">Its arguments, which stay until then: the channel and the text.</param>
/// <param name="IsSharded">It was SPUBLISH.</param>
/// <param name="Except">Who has the message already; null for nobody.</param>
internal readonly record struct PublishedCall(ArgumentList Arguments, bool IsSharded, Subscriber? Except);
