using System.Text;
using Starling.Resp;

namespace Starling.Fuzzer;

/// <summary>What a client sends: wherever it is cut in two, the same commands and the same error are read.</summary>
internal sealed class RequestTarget : IFuzzTarget
{
    public bool Run(byte[] input)
    {
        var whole = Read(input, input.Length, out var commands);
        for (var cut = 1; cut < input.Length; cut += 1 + (input.Length / 16))
        {
            if (Read(input, cut, out _) != whole) throw new FuzzFinding($"cut at {cut} it reads otherwise");
        }

        return commands > 0;
    }

    public void Settle()
    {
        // Requests are managed memory alone.
    }

    /// <summary>What is read, as text; first up to the cut.</summary>
    private static string Read(byte[] input, int cut, out int commands)
    {
        var reader = new RequestReader();
        var arguments = new ArgumentList();
        var text = new StringBuilder();
        var start = 0;
        commands = 0;
        foreach (var end in new[] { cut, input.Length })
        {
            while (true)
            {
                var status = reader.Read(input, ref start, end, arguments);
                if (status == RequestStatus.Incomplete) break;
                if (status != RequestStatus.Command) return text.Append(reader.Error).ToString();
                commands++;
                text.Append(commands).Append(':');
                for (var i = 0; i < arguments.Count; i++) text.Append(Convert.ToHexString(arguments[i])).Append(',');
            }
        }

        return text.ToString();
    }
}
