using System.Runtime.CompilerServices;

namespace Starling.Slots;

/// <summary>A held <see cref="RankedLock"/>; disposing it on the thread that took it lets it go.</summary>
public ref struct LockScope
{
    private readonly RankedLock _owner;
    private Lock.Scope _scope;

    internal LockScope(Lock.Scope scope, RankedLock owner)
    {
        _scope = scope;
        _owner = owner;
    }

    /// <summary>Lets the lock go.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Dispose()
    {
        if (LockOrder.IsChecked) _owner.NoteExit();
        _scope.Dispose();
    }
}
