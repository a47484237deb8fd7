namespace Starling.Slots;

/// <summary>
/// Checks the order of locks (<see cref="LockRank"/>), and that nothing blocks while a stripe is held. Off in release
/// builds unless the process was started with the switch, and then it costs nothing: the compiler leaves it out.
/// A violation stops the process.
/// </summary>
public static class LockOrder
{
    /// <summary>Name of the <see cref="AppContext"/> switch that turns the checks on in release builds.</summary>
    public const string Switch = "Starling.CheckLocks";

    /// <summary>The checks are on. Does not change while the process runs.</summary>
#if DEBUG
    public static readonly bool IsChecked = true;
#else
    public static readonly bool IsChecked = AppContext.TryGetSwitch(Switch, out var isOn) && isOn;
#endif

    /// <summary>
    /// The one static field of the pure parts that changes: what a thread holds is a fact about the thread, and whoever
    /// takes a lock has nothing at hand that knows of the locks before it. It decides nothing but whether to stop.
    /// </summary>
    [ThreadStatic]
    private static HeldLocks? _held;

    /// <summary>What this thread holds.</summary>
    internal static HeldLocks Held => _held ??= new HeldLocks();

    /// <summary>
    /// Says that what follows may block: it uses the disk, looks up a name, sends, or waits for another thread. Not with
    /// a stripe held, since that stops everybody who needs the stripe.
    /// </summary>
    /// <param name="what">What is done, for the message.</param>
    public static void AssertMayBlock(string what)
    {
        if (IsChecked) Held.CheckMayBlock(what);
    }

    /// <summary>
    /// Says that whoever needs the stripes that this thread holds waits long already, for a script: what follows may send, which
    /// does not wait itself. Up to <see cref="EndHeldUp"/>.
    /// </summary>
    public static void BeginHeldUp()
    {
        if (IsChecked) Held.IsHeldUp = true;
    }

    /// <summary>Ends what <see cref="BeginHeldUp"/> began.</summary>
    public static void EndHeldUp()
    {
        if (IsChecked) Held.IsHeldUp = false;
    }

    /// <summary>
    /// Says that what follows asks the system for memory or gives it back, which may take long: not with a lock held for which
    /// others spin (<see cref="LockRank.Memory"/>).
    /// </summary>
    /// <param name="what">What is asked, for the message.</param>
    internal static void AssertNobodySpins(string what)
    {
        if (IsChecked) Held.CheckNobodySpins(what);
    }
}
