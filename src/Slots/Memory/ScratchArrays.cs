using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Starling.Slots.Memory;

/// <summary>
/// Managed arrays that a command needs while it runs. Short ones are the runtime's shared pool's. Longer ones are made when
/// they are wanted and left to the garbage collector: that pool gives nothing back before the second full collection in half
/// a minute, which a server that has become quiet may not have for hours.
/// </summary>
public static class ScratchArrays
{
    private const int MostPooledBytes = 64 << 10;

    /// <summary>Takes an array; its content is anything.</summary>
    /// <param name="least">Elements that it must have at least.</param>
    public static T[] Rent<T>(int least)
        where T : struct =>
        least <= MostPooled<T>() ? ArrayPool<T>.Shared.Rent(least) : GC.AllocateUninitializedArray<T>(least);

    /// <summary>Gives an array back, which the caller uses no more. An empty one is nobody's and ignored.</summary>
    public static void Return<T>(T[] array)
        where T : struct
    {
        if (array.Length > 0 && array.Length <= MostPooled<T>()) ArrayPool<T>.Shared.Return(array);
    }

    /// <summary>A power of two, as all lengths of that pool are.</summary>
    private static int MostPooled<T>()
        where T : struct =>
        1 << BitOperations.Log2((uint)(MostPooledBytes / Unsafe.SizeOf<T>()));
}
