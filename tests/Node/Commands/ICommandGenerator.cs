namespace Starling.Node.Tests.Commands;

/// <summary>Makes commands from a seed that two servers are to answer alike.</summary>
internal interface ICommandGenerator
{
    /// <summary>Every key that commands name.</summary>
    IEnumerable<string> AllKeys { get; }

    /// <summary>The next command, or several that belong together.</summary>
    IEnumerable<string[]> Next();

    /// <summary>The commands that show what a key holds.</summary>
    IEnumerable<string[]> Show(string key);
}
