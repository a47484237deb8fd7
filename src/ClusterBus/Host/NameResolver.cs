using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace Starling.ClusterBus.Host;

/// <summary>
/// Looks up the host names that nodes announce as their address, on a thread of its own: a name server that is slow for
/// seconds must not delay heartbeats. What it found is asked for again after a second, since names move.
/// </summary>
internal sealed class NameResolver : IDisposable
{
    /// <summary>A name is looked up once in so many milliseconds, also when that failed.</summary>
    public const long Validity = 1000;

    private readonly BlockingCollection<string> _wanted = [];
    private readonly ConcurrentQueue<(string Name, IPAddress[] Addresses, string? Error)> _found = new();
    private readonly Dictionary<string, Answer> _answers = new(StringComparer.OrdinalIgnoreCase);
    private readonly Func<string, IPAddress[]> _lookUp;
    private readonly Action _onFound;
    private Thread? _thread;

    /// <summary>Makes a resolver; its thread starts with the first name.</summary>
    /// <param name="onFound">Called on the resolver's thread when there is something to take.</param>
    /// <param name="lookUp">Asks the system; may take as long as it likes.</param>
    public NameResolver(Action onFound, Func<string, IPAddress[]>? lookUp = null)
    {
        _onFound = onFound;
        _lookUp = lookUp ?? Dns.GetHostAddresses;
    }

    /// <summary>Sees to it that a name is looked up. Bus thread.</summary>
    /// <param name="name">The name.</param>
    /// <param name="now">Milliseconds; never goes back.</param>
    /// <returns>
    /// True when that was done a moment ago and <see cref="TryNext"/> may be called; false when it is being done, and
    /// <see cref="TryTake"/> will tell.
    /// </returns>
    public bool IsFresh(string name, long now)
    {
        if (!_answers.TryGetValue(name, out var answer)) _answers.Add(name, answer = new Answer());
        if (answer.IsAsked) return false;
        if (now - answer.AskedAt < Validity) return true;
        (answer.IsAsked, answer.AskedAt) = (true, now);
        _wanted.Add(name);
        if (_thread is not null) return false;
        _thread = new Thread(Run) { Name = "cluster-names", IsBackground = true };
        _thread.Start();
        return false;
    }

    /// <summary>
    /// The address of a name that was looked up; another one at each call when it has several, since one of them may be
    /// where nobody listens. Bus thread.
    /// </summary>
    /// <param name="name">The name.</param>
    /// <param name="family">The family that connections have to be of, or null for any.</param>
    /// <param name="address">The address.</param>
    /// <param name="error">Why there is none.</param>
    public bool TryNext(
        string name,
        AddressFamily? family,
        [NotNullWhen(true)] out IPAddress? address,
        [NotNullWhen(false)] out string? error)
    {
        var answer = _answers[name];
        var usable = Array.FindAll(answer.Addresses, found => family is null || found.AddressFamily == family);
        address = usable.Length > 0 ? usable[(int)((uint)answer.Turn++ % (uint)usable.Length)] : null;
        error = address is null ? answer.Error ?? "the name has no usable address" : null;
        return address is not null;
    }

    /// <summary>Takes the next name that was looked up. Bus thread.</summary>
    public bool TryTake([NotNullWhen(true)] out string? name)
    {
        name = null;
        if (!_found.TryDequeue(out var found)) return false;
        name = found.Name;
        var answer = _answers[name];
        (answer.IsAsked, answer.Addresses, answer.Error) = (false, found.Addresses, found.Error);
        return true;
    }

    /// <summary>Ends the thread, when it is done with the name it is at; does not wait for that.</summary>
    public void Dispose() => _wanted.CompleteAdding();

    private void Run()
    {
        foreach (var name in _wanted.GetConsumingEnumerable())
        {
            try
            {
                _found.Enqueue((name, _lookUp(name), null));
            }
            catch (Exception e) when (e is SocketException or ArgumentException)
            {
                _found.Enqueue((name, [], e.Message));
            }

            _onFound();
        }
    }

    private sealed class Answer
    {
        public IPAddress[] Addresses { get; set; } = [];

        public string? Error { get; set; }

        public long AskedAt { get; set; } = long.MinValue / 2;

        public bool IsAsked { get; set; }

        public int Turn { get; set; }
    }
}
