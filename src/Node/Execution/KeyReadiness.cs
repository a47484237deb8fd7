using Starling.Slots.Keyspace;

namespace Starling.Node.Execution;

/// <summary>Tells whether a blocked command could do something with the value of a key that exists.</summary>
public delegate bool KeyReadiness(in Entry entry);
