using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Starling.Architecture.Tests;

/// <summary>What a compiled assembly refers to, read from its metadata.</summary>
internal sealed class CompiledAssembly : IDisposable
{
    private readonly PEReader _file;
    private readonly MetadataReader _metadata;

    public CompiledAssembly(string name)
    {
        _file = new PEReader(File.OpenRead(Path.Combine(AppContext.BaseDirectory, name + ".dll")));
        _metadata = _file.GetMetadataReader();
    }

    /// <summary>Names of the assemblies that it refers to.</summary>
    public IReadOnlySet<string> References => _metadata.AssemblyReferences
        .Select(handle => _metadata.GetString(_metadata.GetAssemblyReference(handle).Name))
        .ToHashSet(StringComparer.Ordinal);

    /// <summary>
    /// Full names of static fields that can be assigned after construction of their type, in these namespaces.
    /// </summary>
    public IEnumerable<string> MutableStaticFields(string underNamespace)
    {
        foreach (var handle in _metadata.TypeDefinitions)
        {
            var type = _metadata.GetTypeDefinition(handle);
            if (!IsUnder(OuterNamespace(type), underNamespace)) continue;
            var typeName = _metadata.GetString(type.Name);
            if (typeName.Contains('<', StringComparison.Ordinal)) continue; // made by the compiler: caches of delegates and data
            foreach (var fieldHandle in type.GetFields())
            {
                var field = _metadata.GetFieldDefinition(fieldHandle);
                var attributes = field.Attributes;
                var name = _metadata.GetString(field.Name);
                if (name.Contains('<', StringComparison.Ordinal)) continue;
                if ((attributes & System.Reflection.FieldAttributes.Static) == 0) continue;
                if ((attributes & (System.Reflection.FieldAttributes.InitOnly | System.Reflection.FieldAttributes.Literal)) != 0) continue;
                yield return typeName + "." + name;
            }
        }
    }

    /// <summary>
    /// Pairs (type, referred type) where a method body, signature or field of a type under the namespace uses a type
    /// outside its assembly.
    /// </summary>
    public IEnumerable<(string User, string Used)> UsesOf(string underNamespace)
    {
        foreach (var handle in _metadata.TypeDefinitions)
        {
            var type = _metadata.GetTypeDefinition(handle);
            if (!IsUnder(OuterNamespace(type), underNamespace)) continue;
            var user = _metadata.GetString(type.Name);
            foreach (var methodHandle in type.GetMethods())
            {
                var method = _metadata.GetMethodDefinition(methodHandle);
                if (method.RelativeVirtualAddress == 0) continue;
                var body = _file.GetMethodBody(method.RelativeVirtualAddress).GetILBytes();
                if (body is null) continue;
                foreach (var used in TypesIn(body)) yield return (user, used);
            }
        }
    }

    public void Dispose() => _file.Dispose();

    private static bool IsUnder(string name, string underNamespace) =>
        name == underNamespace || name.StartsWith(underNamespace + ".", StringComparison.Ordinal);

    private string OuterNamespace(TypeDefinition type)
    {
        while (!type.GetDeclaringType().IsNil) type = _metadata.GetTypeDefinition(type.GetDeclaringType());
        return _metadata.GetString(type.Namespace);
    }

    // Looks for anything that could be a token of a member or type reference. A false hit needs four bytes of other
    // code that happen to
    // name a forbidden type; none was seen, and it would fail loudly.
    private IEnumerable<string> TypesIn(byte[] body)
    {
        for (var at = 0; at + 4 <= body.Length; at++)
        {
            var token = BitConverter.ToInt32(body, at);
            var row = token & 0xFFFFFF;
            switch (token >> 24)
            {
                case 0x01 when row >= 1 && row <= _metadata.TypeReferences.Count:
                    yield return Name(System.Reflection.Metadata.Ecma335.MetadataTokens.TypeReferenceHandle(row));
                    break;
                case 0x0A when row >= 1 && row <= _metadata.MemberReferences.Count:
                    var member = _metadata.GetMemberReference(System.Reflection.Metadata.Ecma335.MetadataTokens.MemberReferenceHandle(row));
                    if (member.Parent.Kind == HandleKind.TypeReference)
                    {
                        yield return Name((TypeReferenceHandle)member.Parent);
                    }

                    break;
            }
        }
    }

    private string Name(TypeReferenceHandle handle)
    {
        var reference = _metadata.GetTypeReference(handle);
        return _metadata.GetString(reference.Namespace) + "." + _metadata.GetString(reference.Name);
    }
}
