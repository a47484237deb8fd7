using System.Security.Cryptography;

namespace Starling.Node.Execution;

/// <summary>
/// Random numbers, every one as likely, from a place on that nobody can guess: good enough to choose keys with, not for
/// secrets. SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014). For one thread at a time.
/// </summary>
internal struct RandomSequence
{
    private ulong _state; // 0 before the first number

    /// <summary>The next number.</summary>
    public ulong Next()
    {
        while (_state == 0) _state = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
        _state += 0x9E3779B97F4A7C15;
        var mixed = (_state ^ (_state >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return mixed ^ (mixed >> 31);
    }
}
