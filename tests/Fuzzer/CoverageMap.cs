using System.Runtime.InteropServices;
using SharpFuzz.Common;

namespace Starling.Fuzzer;

/// <summary>
/// The counters that instrumented code writes to, one for each pair of branches, and which of them were ever seen. How
/// often a branch was taken counts in classes (once, twice, three times, up to 7, 15, 31, 127, more).
/// The counters live as long as the process: code that still runs at its end writes to them too.
/// </summary>
internal sealed unsafe class CoverageMap
{
    /// <summary>Number of counters; what instrumented code assumes.</summary>
    private const int Size = 1 << 16;

    private static readonly byte[] Classes = MakeClasses();

    private readonly byte[] _seen = new byte[Size];
    private readonly byte* _counters = (byte*)NativeMemory.AllocZeroed(Size);

    /// <summary>Instrumented code writes here from now on; before this it must not run.</summary>
    public CoverageMap() => Trace.SharedMem = _counters;

    /// <summary>Pairs of branches that were ever seen.</summary>
    public int Seen { get; private set; }

    /// <summary>Forgets the run before.</summary>
    public void Begin()
    {
        new Span<byte>(_counters, Size).Clear();
        Trace.PrevLocation = 0;
    }

    /// <summary>True when the run since <see cref="Begin"/> took a branch that none took before, or more often.</summary>
    public bool TakeNews()
    {
        var hasNews = false;
        var words = new ReadOnlySpan<ulong>(_counters, Size / sizeof(ulong));
        for (var word = 0; word < words.Length; word++)
        {
            if (words[word] == 0) continue;
            for (var at = word * sizeof(ulong); at < (word + 1) * sizeof(ulong); at++)
            {
                var seen = Classes[_counters[at]];
                if ((seen & ~_seen[at]) == 0) continue;
                if (_seen[at] == 0) Seen++;
                _seen[at] |= seen;
                hasNews = true;
            }
        }

        return hasNews;
    }

    private static byte[] MakeClasses()
    {
        var classes = new byte[256];
        for (var count = 1; count < classes.Length; count++)
        {
            classes[count] = count switch
            {
                1 => 1,
                2 => 2,
                3 => 4,
                < 8 => 8,
                < 16 => 16,
                < 32 => 32,
                < 128 => 64,
                _ => 128,
            };
        }

        return classes;
    }
}
