using System.Text;
using BenchmarkDotNet.Attributes;
using Starling.Resp;

namespace Starling.Bench.Micro;

/// <summary>A pipeline of sixteen SET commands, read from one buffer.</summary>
[MemoryDiagnoser]
public class RespBenchmarks
{
    private const int Pipeline = 16;
    private readonly RequestReader _reader = new();
    private readonly ArgumentList _arguments = new();
    private readonly byte[] _buffer = Encoding.ASCII.GetBytes(string.Concat(
        Enumerable.Repeat("*3\r\n$3\r\nSET\r\n$16\r\nkey:000000000042\r\n$32\r\n" + new string('v', 32) + "\r\n", Pipeline)));

    /// <summary>Reads them.</summary>
    [Benchmark(OperationsPerInvoke = Pipeline)]
    public int Read()
    {
        var start = 0;
        var count = 0;
        while (_reader.Read(_buffer, ref start, _buffer.Length, _arguments) == RequestStatus.Command) count += _arguments.Count;
        return count;
    }
}
