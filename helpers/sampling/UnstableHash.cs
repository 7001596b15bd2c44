#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Reflection;
using System.Reflection.Emit;

/// <summary>
/// Finds a hash code that differs from one process to the next. What a policy keeps cannot show it within one process, so this
/// reads the compiled code of the policy, and of the learner's methods that it calls.
/// </summary>
internal static class UnstableHash
{
    private static readonly Type[] Seeded = [typeof(string), typeof(ActivityTraceId), typeof(ActivitySpanId), typeof(HashCode),
        typeof(StringComparer), typeof(object)];

    private static readonly byte Call = unchecked((byte)OpCodes.Call.Value), CallVirtual = unchecked((byte)OpCodes.Callvirt.Value);
    private static readonly byte Prefix = unchecked((byte)OpCodes.Prefix1.Value); // of the codes of two bytes, whose second one is:
    private static readonly byte Function = unchecked((byte)OpCodes.Ldftn.Value), Constrained = unchecked((byte)OpCodes.Constrained.Value);

    /// <summary>The method, as in "ActivityTraceId.GetHashCode"; null if none is called.</summary>
    public static string? In(Delegate? policy)
    {
        try
        {
            return policy is null ? null : In(policy.Method, []);
        }
        catch (Exception e) when (e is InvalidOperationException or NotSupportedException)
        {
            return null; // a method that was made at run time has no code to read
        }
    }

    private static string? In(MethodBase method, HashSet<MethodBase> seen)
    {
        if (!seen.Add(method) || seen.Count > 1 && IsLibrary(method.Module.Assembly) || method.GetMethodBody() is not { } body)
            return null;
        var (code, constrained) = (body.GetILAsByteArray() ?? [], (Type?)null);
        for (var at = 0; at + 4 < code.Length; at++)
        {
            var isPrefixed = at > 0 && code[at - 1] == Prefix;
            if (isPrefixed && code[at] == Constrained)
                constrained = Resolve(method, code, at) as Type;
            if (!(code[at] == Call || code[at] == CallVirtual || isPrefixed && code[at] == Function)
                || Resolve(method, code, at) is not MethodBase called)
                continue;
            var type = called.DeclaringType == typeof(object) && constrained is not null ? constrained : called.DeclaringType;
            constrained = null;
            if (called.Name is "GetHashCode" or "ToHashCode" or "Combine" && Seeded.Contains(type))
                return type == typeof(object) ? called.Name : $"{type!.Name}.{called.Name}"; // a string's is called as Object's
            if (In(called, seen) is { } found)
                return found;
        }

        return null;
    }

    // A compiled cell has neither a file nor a key. The course's own code has a file; .NET and packages have both, but in a browser tab
    // nothing has a file.
    private static bool IsLibrary(Assembly assembly) =>
        assembly.Location.Length > 0 || assembly.GetName().GetPublicKeyToken() is { Length: > 0 };

    // A byte that looks like a call, in the middle of something else, resolves to nothing, or to a method that does not matter.
    private static MemberInfo? Resolve(MethodBase method, byte[] code, int at)
    {
        try
        {
            return method.Module.ResolveMember(BitConverter.ToInt32(code, at + 1), method.DeclaringType?.GetGenericArguments(),
                method.IsGenericMethod ? method.GetGenericArguments() : null);
        }
        catch (Exception e) when (e is ArgumentException or BadImageFormatException or TypeLoadException or NotSupportedException
            or System.IO.FileNotFoundException or MissingMemberException)
        {
            return null;
        }
    }
}
