using BenchmarkDotNet.Running;
using Starling.Bench.Micro;

BenchmarkSwitcher.FromAssembly(typeof(KeyspaceBenchmarks).Assembly).Run(args);
