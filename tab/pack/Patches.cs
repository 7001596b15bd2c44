using System;
using System.Linq;
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace TracingTutorial.Tab.Pack;

/// <summary>A method of .NET or of a package that is replaced, because it cannot work in a browser tab.</summary>
/// <param name="Assembly">The assembly that is changed.</param>
/// <param name="Version">The version of the assembly's file that the patch was made for.</param>
/// <param name="What">The method, and what it does now.</param>
/// <param name="Why">Why it is needed.</param>
/// <param name="Until">What would make it unnecessary.</param>
/// <param name="Apply">Changes the module; the second argument is Loopback's. Throws when it does not find what it replaces.</param>
internal sealed record Patch(string Assembly, string Version, string What, string Why, string Until, Action<ModuleDefinition, ModuleDefinition> Apply);

/// <summary>All patches. Each looks for exactly one method: when there is none, the build fails.</summary>
internal static class Patches
{
    /// <summary>The patches, in the order of the table in README.md.</summary>
    public static readonly Patch[] All =
    [
        new("System.Private.CoreLib", "10.0.12", "`Monitor.Wait` calls a hook (kernel/Waiting.cs)",
            "`Task.Wait`, `GetResult` and `SemaphoreSlim.Wait` end there, and it throws PlatformNotSupportedException in a browser",
            "threads in a browser without the headers of cross-origin isolation", WaitHook),
        new("System.Net.Http", "10.0.12", "`HttpConnectionSettings` connects through Loopback unless a program sets its own `ConnectCallback`",
            "a browser has no sockets", "a process-wide default for `SocketsHttpHandler.ConnectCallback`", Connect),
        new("System.Net.Sockets", "10.0.12", "a `Socket` can be bound, and only that", "`OtlpReceiver` reserves a free port with one",
            "a reservation of ports in helpers/otlp/OtlpReceiver.cs that needs no socket", Bind),
        new("Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets", "10.0.12", "`SocketTransportFactory.BindAsync` listens on Loopback",
            "a browser has no sockets, and the lessons make servers with `CreateSlimBuilder`, which no hosting startup reaches",
            "hosting startups for `CreateSlimBuilder` and `CreateEmptyBuilder`", Listen),
        new("Microsoft.AspNetCore.Server.Kestrel.Core", "10.0.12", "`Heartbeat.Start` starts a timer and no thread",
            "a browser tab has one thread", "a heartbeat of Kestrel that is a timer", Heartbeat),
        new("Microsoft.Extensions.Logging.Console", "10.0.12", "`ConsoleLoggerProcessor` starts no thread and writes at once",
            "`CreateSlimBuilder` adds this logger, and its constructor starts a thread (lessons 4 and 11)",
            "a console logger that needs no thread, or a `CreateSlimBuilder` that adds none in a browser", WriteAtOnce),
        new("OpenTelemetry", "1.20.1", "`BatchExportTaskWorker.WaitForExport` waits",
            "in a browser `ForceFlush` returns before the batch is exported; lesson 7 and exercise 7.1 rely on it",
            "a setting of OpenTelemetry that makes `ForceFlush` wait", WaitForExport),
        new("Microsoft.DotNet.Interactive.Formatting", "1.0.0", "`Display` tells the value that it returns",
            "the engine tells another one, with an id of its own, so that `Update` replaces nothing",
            "the same in the engine", TellWhatIsReturned),
    ];

    private static void WaitHook(ModuleDefinition core, ModuleDefinition loopback)
    {
        var func = core.GetType("System.Func`3");
        var closed = new GenericInstanceType(func) { GenericArguments = { core.TypeSystem.Object, core.TypeSystem.Int32, core.TypeSystem.Boolean } };
        var definition = func.Methods.Single(m => m.Name == "Invoke");
        var invoke = new MethodReference("Invoke", definition.ReturnType, closed) { HasThis = true };
        foreach (var parameter in definition.Parameters)
            invoke.Parameters.Add(new ParameterDefinition(parameter.ParameterType));
        var monitor = core.GetType("System.Threading.Monitor");
        var hook = new FieldDefinition("WaitHook", FieldAttributes.Static | FieldAttributes.Public, closed);
        monitor.Fields.Add(hook);
        var wait = monitor.Methods.Single(m => m.Name == "Wait" && m.Parameters.Count == 2 && m.Parameters[1].ParameterType.FullName == "System.Int32");
        Replace(wait, il =>
        {
            il.Emit(OpCodes.Ldsfld, hook);
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Ldarg_1);
            il.Emit(OpCodes.Callvirt, invoke);
        });
    }

    private static void Connect(ModuleDefinition http, ModuleDefinition loopback)
    {
        var settings = http.GetType("System.Net.Http.HttpConnectionSettings");
        var field = settings.Fields.Single(f => f.Name == "_connectCallback");
        var constructor = settings.Methods.Single(m => m.IsConstructor && !m.IsStatic && m.Parameters.Count == 0);
        var callback = (GenericInstanceType)field.FieldType;
        var create = new MethodReference(".ctor", http.TypeSystem.Void, callback) { HasThis = true };
        create.Parameters.Add(new ParameterDefinition(http.TypeSystem.Object));
        create.Parameters.Add(new ParameterDefinition(http.TypeSystem.IntPtr));
        var connect = External(http, loopback, "ConnectAsync", callback.GenericArguments[2], callback.GenericArguments[0], callback.GenericArguments[1]);
        var il = constructor.Body.GetILProcessor();
        var returns = constructor.Body.Instructions.Where(i => i.OpCode == OpCodes.Ret).ToArray();
        foreach (var end in returns)
        {
            il.InsertBefore(end, il.Create(OpCodes.Ldarg_0));
            il.InsertBefore(end, il.Create(OpCodes.Ldnull));
            il.InsertBefore(end, il.Create(OpCodes.Ldftn, connect));
            il.InsertBefore(end, il.Create(OpCodes.Newobj, create));
            il.InsertBefore(end, il.Create(OpCodes.Stfld, field));
        }
    }

    private static void Bind(ModuleDefinition sockets, ModuleDefinition loopback)
    {
        var socket = sockets.GetType("System.Net.Sockets.Socket");
        var bind = socket.Methods.Single(m => m.Name == "Bind");
        var endpoint = bind.Parameters[0].ParameterType;
        var field = new FieldDefinition("bound", FieldAttributes.Private, endpoint);
        socket.Fields.Add(field);
        var reserve = External(sockets, loopback, "Reserve", endpoint, endpoint);
        var create = new MethodReference(".ctor", sockets.TypeSystem.Void, sockets.TypeSystem.Object) { HasThis = true };
        Replace(socket.Methods.Single(m => m.IsConstructor && m.Parameters.Count == 3), il =>
        {
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Call, create);
        });
        Replace(bind, il =>
        {
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Ldarg_1);
            il.Emit(OpCodes.Call, reserve);
            il.Emit(OpCodes.Stfld, field);
        });
        Replace(socket.Methods.Single(m => m.Name == "get_LocalEndPoint"), il =>
        {
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Ldfld, field);
        });
        Replace(socket.Methods.Single(m => m.Name == "Dispose" && m.Parameters.Count == 0), _ => { });
        Replace(socket.Methods.Single(m => m.Name == "Finalize"), _ => { });
    }

    private static void Listen(ModuleDefinition transport, ModuleDefinition loopback) =>
        Replace(transport.GetType("Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets.SocketTransportFactory").Methods.Single(m => m.Name == "BindAsync"), il =>
        {
            il.Emit(OpCodes.Ldarg_1);
            il.Emit(OpCodes.Call, transport.ImportReference(Method(loopback, "BindAsync")));
        });

    private static void Heartbeat(ModuleDefinition kestrel, ModuleDefinition loopback)
    {
        var heartbeat = kestrel.Types.Single(t => t.Name == "Heartbeat");
        var beat = Method(loopback, "Beat");
        var action = kestrel.ImportReference(beat.Parameters[0].ParameterType.Resolve().Methods.Single(m => m.IsConstructor));
        Replace(heartbeat.Methods.Single(m => m.Name == "Start"), il =>
        {
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Ldftn, heartbeat.Methods.Single(m => m.Name == "OnHeartbeat"));
            il.Emit(OpCodes.Newobj, action);
            il.Emit(OpCodes.Call, kestrel.ImportReference(beat));
        });
    }

    private static void WriteAtOnce(ModuleDefinition console, ModuleDefinition loopback)
    {
        var processor = console.Types.Single(t => t.Name == "ConsoleLoggerProcessor");
        var constructor = processor.Methods.Single(m => m.IsConstructor && !m.IsStatic);
        var start = constructor.Body.Instructions.Single(i => i.Operand is MethodReference { Name: "Start", DeclaringType.Name: "Thread" });
        constructor.Body.GetILProcessor().Replace(start, Instruction.Create(OpCodes.Pop));
        Replace(processor.Methods.Single(m => m.Name == "Enqueue"), il => il.Emit(OpCodes.Ldc_I4_0)); // "the queue is full": whoever logs writes by itself
    }

    private static void WaitForExport(ModuleDefinition telemetry, ModuleDefinition loopback)
    {
        var wait = telemetry.Types.Single(t => t.Name == "BatchExportTaskWorker`1").Methods.Single(m => m.Name == "WaitForExport");
        var asks = wait.Body.Instructions.Single(i => i.Operand is MethodReference { Name: "IsThreadingEnabled" });
        wait.Body.GetILProcessor().Replace(asks, Instruction.Create(OpCodes.Ldc_I4_1));
    }

    private static void TellWhatIsReturned(ModuleDefinition formatting, ModuleDefinition loopback)
    {
        foreach (var name in (string[])["Display", "DisplayAs"])
        {
            var display = formatting.GetType("System.DisplayExtensions").Methods.Single(m => m.Name == name);
            var tell = display.Body.Instructions.Single(i => i.Operand is MethodReference { Name: "RaiseFormatterEvent" });
            var il = display.Body.GetILProcessor();
            il.InsertBefore(tell, il.Create(OpCodes.Dup));
            while (tell.Next.OpCode != OpCodes.Ret)
                il.Remove(tell.Next);
        }
    }

    private static MethodDefinition Method(ModuleDefinition loopback, string name) =>
        loopback.GetType("TracingTutorial.Tab.Loopback").Methods.Single(m => m.Name == name);

    // By hand, because the types must be those that the changed module itself defines or refers to. Loopback's method must exist, too.
    private static MethodReference External(ModuleDefinition module, ModuleDefinition loopback, string name, TypeReference returns, params TypeReference[] parameters)
    {
        var method = Method(loopback, name);
        if (method.Parameters.Count != parameters.Length)
            throw new InvalidOperationException($"Loopback.{name} has other parameters.");
        var assembly = new AssemblyNameReference(loopback.Assembly.Name.Name, loopback.Assembly.Name.Version);
        module.AssemblyReferences.Add(assembly);
        var reference = new MethodReference(name, returns, new TypeReference(method.DeclaringType.Namespace, method.DeclaringType.Name, module, assembly));
        foreach (var parameter in parameters)
            reference.Parameters.Add(new ParameterDefinition(parameter));
        return reference;
    }

    private static void Replace(MethodDefinition method, Action<ILProcessor> write)
    {
        method.Body = new MethodBody(method);
        var il = method.Body.GetILProcessor();
        write(il);
        il.Emit(OpCodes.Ret);
    }
}
