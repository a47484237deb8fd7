using Starling.Node.Serving;
using Starling.Slots;

namespace Starling.Node.Scripting;

/// <summary>The run of a script, or of a function of a library, by the handler of its command.</summary>
internal static class ScriptRun
{
    /// <summary>Runs a script or function in the scope of the call, and writes the reply.</summary>
    public static void Execute(CommandContext call, Runnable script, ScriptFlags flags, int keyCount)
    {
        var (arguments, command, isInExec, database) = (call.Arguments, call.Command, call.IsInExec, call.Session.DatabaseIndex);
        var (isLogged, isReadOnlyMode, isAsking) = (call.IsLogged, call.Session.ReadOnlyMode, call.Session.Asking);
        try
        {
            call.HasChangedNothing = true; // up to the first command that it calls, which tells for itself
            (call.IsInExec, call.Session.IsInScript) = (true, true);
            var abort = script is LibraryFunction function
                ? RunFunction(call, function, flags, keyCount)
                : RunScript(call, (Script)script, flags, keyCount);
            if (abort == ScriptAbort.Dropped) call.Effects.Clear();
            if (abort == ScriptAbort.NeedsEverything)
            {
                Invariant.That(!isInExec); // which holds everything for a script of which it is not known that it need not
                script.Strays = true;
                call.Session.NeedsEverything = true;
            }
        }
        finally
        {
            (call.IsInExec, call.Session.IsInScript) = (isInExec, false);
            call.Session.DatabaseIndex = database;
            (call.Session.ReadOnlyMode, call.Session.Asking) = (isReadOnlyMode, isAsking); // of its connection a script says nothing
            call.RenewLogging(isLogged);
        }

        call.Arguments = arguments;
        call.Command = command;
    }

    private static ScriptAbort RunScript(CommandContext call, Script script, ScriptFlags flags, int keyCount)
    {
        var scripts = call.Node.Scripts;
        var engine = scripts.Rent();
        try
        {
            return engine.Run(call, script, flags, keyCount);
        }
        finally
        {
            scripts.Return(engine);
        }
    }

    private static ScriptAbort RunFunction(CommandContext call, LibraryFunction function, ScriptFlags flags, int keyCount)
    {
        var engine = function.Library.Enter();
        try
        {
            return engine.Run(call, function, flags, keyCount);
        }
        finally
        {
            function.Library.Exit();
        }
    }
}
