using System.Globalization;

namespace Starling.Node.Config;

/// <summary>A directive that takes a number in a range.</summary>
internal sealed class NumberDirective(string name, Setting<long> setting, Int128 lowest, Int128 highest, NumberFormat format)
    : Directive(name)
{
    /// <inheritdoc/>
    protected override bool HasEffect => setting.HasEffect;

    /// <summary>A further check of a number in the range; answers the reason when it is not accepted.</summary>
    public Func<long, string?>? Check { get; init; }

    /// <inheritdoc/>
    public override string Get(ServerConfig config)
    {
        var value = setting.Get(config);
        if (format == NumberFormat.Octal) return Convert.ToString(value, 8);
        return format == NumberFormat.MemoryOrPercent && value < 0 ? Digits(-value) + "%" : Digits(value);
    }

    /// <inheritdoc/>
    internal override void Rewrite(ServerConfig config, ConfigContent content)
    {
        var value = setting.Get(config);
        var text = format is NumberFormat.Memory or NumberFormat.MemoryOrPercent && value >= 0 ? MemorySize.Format(value) : Get(config);
        content.Write(Name, text, isDefault: Get(config) == Default);
    }

    /// <inheritdoc/>
    protected override string? Set(ServerConfig config, IReadOnlyList<string> arguments, bool isRepeated)
    {
        if (!TryParse(arguments[0], out var number)) return ParseError();
        if (number < 0 && format == NumberFormat.MemoryOrPercent)
        {
            if (number < lowest) return $"percentage argument must be less or equal to {-lowest}";
        }
        else if (number < lowest || number > highest)
        {
            return $"argument must be between {Bound(lowest)} and {Bound(highest)} inclusive";
        }

        // A bound of 2^64 bytes and one of 2^63 bytes are the same to a machine.
        var value = number > long.MaxValue ? long.MaxValue : (long)number;
        if (Check?.Invoke(value) is { } reason) return reason;
        setting.Set(config, value);
        return null;
    }

    private static string Digits(long value) => value.ToString(CultureInfo.InvariantCulture);

    private string Bound(Int128 bound) =>
        format == NumberFormat.Octal ? Convert.ToString((long)bound, 8) : bound.ToString(CultureInfo.InvariantCulture);

    private bool TryParse(string text, out Int128 number)
    {
        number = 0;
        switch (format)
        {
            case NumberFormat.Integer:
                if (!DecimalText.TryParse(text, out var integer)) return false;
                number = integer;
                return true;
            case NumberFormat.Octal:
                return TryParseOctal(text, out number);
            case NumberFormat.MemoryOrPercent when text.EndsWith('%'):
                if (!DecimalText.TryParse(text.AsSpan(0, text.Length - 1), out var percent) || percent < 0) return false;
                number = -percent;
                return true;
            default:
                if (!MemorySize.TryParse(text, out var bytes)) return false;
                number = bytes;
                return true;
        }
    }

    private static bool TryParseOctal(string text, out Int128 number)
    {
        number = 0;
        if (text.Length is 0 or > 20) return false;
        foreach (var c in text)
        {
            if (c is < '0' or > '7') return false;
            number = (number * 8) + (c - '0');
        }

        return true;
    }

    private string ParseError() => format switch
    {
        NumberFormat.Memory => "argument must be a memory value",
        NumberFormat.MemoryOrPercent => "argument must be a memory or percent value",
        NumberFormat.Octal => "argument couldn't be parsed as an octal number",
        NumberFormat.Integer => "argument couldn't be parsed into an integer",
    };
}
