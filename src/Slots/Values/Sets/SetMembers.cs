using System.Diagnostics.CodeAnalysis;
using Starling.Slots.Values.Elements;

namespace Starling.Slots.Values.Sets;

/// <summary>The members of a set one after the other, for <c>foreach</c>. Dead after any change of the set.</summary>
public unsafe ref struct SetMembers
{
    private readonly SetForm _form;
    private readonly int _width;
    private readonly byte* _first; // of a listpack
    private readonly byte* _end;
    private byte* _at; // the integers, or the current entry
    private long _index; // of the next integer
    private long _left;
    private ElementSequence _elements;

    internal SetMembers(scoped in ValueRoot root)
    {
        _form = SetRoot.Form(root);
        _left = SetRoot.Count(root);
        _at = root.Address;
        switch (_form)
        {
            case SetForm.Intset:
                _width = SetRoot.Width(root);
                break;
            case SetForm.Listpack:
                _end = SetListpack.End(root.Address);
                _at = null;
                _first = SetListpack.First(root.Address);
                break;
            default:
                _elements = ElementTable.All(SetRoot.Table(root));
                break;
        }
    }

    /// <summary>The member; after <see cref="MoveNext"/> said that there is one.</summary>
    public readonly ListElement Current => _form switch
    {
        SetForm.Intset => new ListElement(Intset.Read(_at, _width, _index - 1)),
        SetForm.Listpack => Listpack.Read(_at),
        _ => new ListElement(_elements.Current.Name),
    };

    /// <summary>Of a listpack: where the entry is; else null.</summary>
    internal readonly byte* Entry => _form == SetForm.Listpack ? _at : null;

    /// <summary>The set is a table.</summary>
    internal readonly bool IsTable => _form == SetForm.Table;

    /// <summary>The walk through the table.</summary>
    [UnscopedRef]
    internal readonly ref readonly ElementSequence Elements => ref _elements;

    /// <summary>Goes to the first member, then to the next; false when there is none.</summary>
    public bool MoveNext()
    {
        if (_left == 0) return false;
        _left--;
        switch (_form)
        {
            case SetForm.Intset:
                _index++;
                return true;
            case SetForm.Listpack:
                _at = _at == null ? _first : _at + Listpack.EntryLength(_at);
                Invariant.That(_at < _end);
                return true;
            default:
                Invariant.That(_elements.MoveNext());
                return true;
        }
    }

    /// <summary>Goes on by some members, which are all there.</summary>
    public void Skip(long count)
    {
        if (_form == SetForm.Intset)
        {
            _index += count;
            _left -= count;
            return;
        }

        for (; count > 0; count--) Invariant.That(MoveNext());
    }

    /// <summary>Itself, so that <c>foreach</c> takes it.</summary>
    public readonly SetMembers GetEnumerator() => this;
}
