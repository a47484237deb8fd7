using System.Text;
using Starling.ClusterBus.View;

namespace Starling.Fuzzer;

/// <summary>nodes.conf: it is refused, or becomes a view that can be written and read again.</summary>
internal sealed class NodesFileTarget : IFuzzTarget
{
    private const long Moment = 1_767_323_045_000;

    public bool Run(byte[] input)
    {
        if (!NodesFile.TryParse(Encoding.UTF8.GetString(input), Moment, out var view, out var error))
        {
            if (error.Length == 0) throw new FuzzFinding("refused without a reason");
            return false;
        }

        var written = NodesFile.Format(view);
        if (!NodesFile.TryParse(written, Moment, out var again, out error)) throw new FuzzFinding($"what was read is refused when it is written: {error}\n{written}");
        if (NodesFile.Format(again) != written) throw new FuzzFinding("what was read is written in two ways:\n" + written);
        return true;
    }

    public void Settle()
    {
        // A view is managed memory alone.
    }
}
