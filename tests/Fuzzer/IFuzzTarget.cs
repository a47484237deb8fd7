namespace Starling.Fuzzer;

/// <summary>What is fuzzed: takes any bytes, and throws when something of what it promises does not hold.</summary>
internal interface IFuzzTarget
{
    /// <summary>Runs one input.</summary>
    /// <param name="input">The bytes.</param>
    /// <returns>True when they were accepted, false when they were refused as they should be.</returns>
    /// <exception cref="FuzzFinding">Something is wrong; any other exception says so too.</exception>
    bool Run(byte[] input);

    /// <summary>Checks what must hold between runs: nothing of them is left.</summary>
    /// <exception cref="FuzzFinding">Something is left.</exception>
    void Settle();
}
