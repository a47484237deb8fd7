using Starling.Fuzzer;

var options = FuzzOptions.Parse(args, out var error);
if (options is null)
{
    Console.Error.WriteLine(error);
    return 2;
}

if (options.Inside is not null) return FuzzRun.Inside(options);
if (options.Input is not null) return FuzzRun.Alone(options);
return FuzzRun.Watched(options);
