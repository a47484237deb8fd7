using System.Globalization;
using Starling.Slots.Keyspace;
using Starling.Slots.Values;

namespace Starling.Slots.Tests.Values;

/// <summary>The content of a value as a list of texts, to compare and to read it again.</summary>
internal sealed class ContentRecorder : IContentWriter, IContentReader
{
    private readonly List<object> _pieces = [];
    private int _at;

    public ContentRecorder(params object[] pieces) => _pieces.AddRange(pieces);

    public static string Of(in Entry entry)
    {
        var recorder = new ContentRecorder();
        entry.WriteContent(recorder);
        return recorder.ToString();
    }

    public void Number(ulong value) => _pieces.Add(value);

    public void Text(ReadOnlySpan<byte> text) => _pieces.Add(text.ToArray());

    public bool TryNumber(out ulong value)
    {
        value = _at < _pieces.Count && _pieces[_at] is ulong number ? number : 0;
        return _at < _pieces.Count && _pieces[_at++] is ulong;
    }

    public bool TryText(out ReadOnlySpan<byte> text)
    {
        text = _at < _pieces.Count && _pieces[_at] is byte[] bytes ? bytes : default;
        return _at < _pieces.Count && _pieces[_at++] is byte[];
    }

    public void Raw(ReadOnlySpan<byte> bytes) => Text(bytes);

    public bool TryRaw(Span<byte> bytes) => TryText(out var text) && text.Length == bytes.Length && text.TryCopyTo(bytes);

    public override string ToString() => string.Join(
        ' ',
        _pieces.Select(x => x is byte[] bytes ? Convert.ToHexString(bytes) : ((ulong)x).ToString(CultureInfo.InvariantCulture)));
}
