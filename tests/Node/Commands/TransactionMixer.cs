namespace Starling.Node.Tests.Commands;

/// <summary>Puts some of a generator's commands between MULTI and EXEC, or DISCARD.</summary>
/// <param name="commands">The generator.</param>
/// <param name="seed">Its seed.</param>
internal sealed class TransactionMixer(ICommandGenerator commands, int seed) : ICommandGenerator
{
    private const int OneIn = 40;

    private readonly Random _random = new(seed);

    public IEnumerable<string> AllKeys => commands.AllKeys;

    public IEnumerable<string[]> Next()
    {
        if (_random.Next(OneIn) > 0) return commands.Next();
        List<string[]> transaction = [["MULTI"]];
        for (var parts = _random.Next(6); parts > 0; parts--) transaction.AddRange(commands.Next());
        if (_random.Next(20) == 0) transaction.Add(["MULTI"]);
        transaction.Add([_random.Next(8) == 0 ? "DISCARD" : "EXEC"]);
        return transaction;
    }

    public IEnumerable<string[]> Show(string key) => commands.Show(key);
}
