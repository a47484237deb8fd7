using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Starling.Node.Scripting;

/// <summary>
/// A few instructions in front of each managed function that Lua calls, which raise the error that it asks for: see the remarks of
/// <see cref="LuaApi"/>. What runs when the error leaves is a jump, with the stub's own frame taken down and no managed frame above
/// Lua's. Mapped once, never unmapped.
/// </summary>
internal static unsafe partial class LuaStubs
{
    private const int StubLength = 64;
    private const int ReadWrite = 3;
    private const int ReadExecute = 5;
    private const int PrivateAnonymous = 0x22;

    // push rbx; mov rbx, rdi; mov rax, FUNCTION; call rax; test eax, eax; js +2; pop rbx; ret;
    // mov rdi, rbx; mov rax, ERROR; pop rbx; jmp rax
    private static ReadOnlySpan<byte> X64 =>
    [
        0x53, 0x48, 0x89, 0xFB, 0x48, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xD0, 0x85, 0xC0, 0x78, 0x02, 0x5B, 0xC3,
        0x48, 0x89, 0xDF, 0x48, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0x5B, 0xFF, 0xE0,
    ];

    /// <summary>This processor's instructions are known.</summary>
    public static bool IsSupported => RuntimeInformation.ProcessArchitecture == Architecture.X64 && OperatingSystem.IsLinux();

    /// <summary>Makes a stub for each function.</summary>
    public static nint[] Make(ReadOnlySpan<nint> functions, nint error)
    {
        var length = (nuint)(functions.Length * StubLength);
        var memory = Map(0, length, ReadWrite, PrivateAnonymous, -1, 0);
        Slots.Invariant.That(memory != -1);
        var stubs = new nint[functions.Length];
        for (var i = 0; i < stubs.Length; i++)
        {
            stubs[i] = memory + (i * StubLength);
            Write(new Span<byte>((void*)stubs[i], StubLength), functions[i], error);
        }

        Slots.Invariant.That(Protect(memory, length, ReadExecute) == 0);
        return stubs;
    }

    private static void Write(Span<byte> code, nint function, nint error)
    {
        const int FunctionAt = 6;
        const int ErrorAt = 27;
        X64.CopyTo(code);
        BinaryPrimitives.WriteInt64LittleEndian(code[FunctionAt..], function);
        BinaryPrimitives.WriteInt64LittleEndian(code[ErrorAt..], error);
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int descriptor, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(nint address, nuint length, int protection);
}
