using Starling.Node.Serving;
using Starling.Resp;

namespace Starling.Node.Commands;

/// <summary>DEBUG PROTOCOL: one sample of each type of RESP, for tests of clients.</summary>
internal static class DebugProtocol
{
    private static ReadOnlySpan<byte> BigNumber => "1234567999999999999999999999999999999"u8;

    /// <summary>Replies with the sample of a type.</summary>
    public static void Execute(CommandContext call)
    {
        if (!TryScalar(call) && !TryAggregate(call))
        {
            call.Reply.Error(
                "ERR Wrong protocol type name. Please use one of the following: "u8 +
                "string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false"u8);
        }
    }

    private static bool TryScalar(CommandContext call)
    {
        var reply = call.Reply;
        if (call.Is(2, "string"u8)) reply.Bulk("Hello World"u8);
        else if (call.Is(2, "integer"u8)) reply.Integer(12345);
        else if (call.Is(2, "double"u8)) reply.Double(3.141);
        else if (call.Is(2, "null"u8)) reply.Null();
        else if (call.Is(2, "true"u8)) reply.Boolean(value: true);
        else if (call.Is(2, "false"u8)) reply.Boolean(value: false);
        else if (call.Is(2, "verbatim"u8)) reply.Verbatim("txt"u8, "This is a verbatim\nstring"u8);
        else if (call.Is(2, "bignum"u8)) WriteBigNumber(reply);
        else return false;
        return true;
    }

    private static bool TryAggregate(CommandContext call)
    {
        var reply = call.Reply;
        if (call.Is(2, "array"u8))
        {
            reply.Array(3);
            for (var i = 0; i < 3; i++) reply.Integer(i);
        }
        else if (call.Is(2, "set"u8))
        {
            reply.Set(3);
            for (var i = 0; i < 3; i++) reply.Integer(i);
        }
        else if (call.Is(2, "map"u8))
        {
            reply.Map(3);
            for (var i = 0; i < 3; i++)
            {
                reply.Integer(i);
                reply.Boolean(i == 1);
            }
        }
        else if (call.Is(2, "attrib"u8))
        {
            WriteAttribute(reply);
        }
        else if (call.Is(2, "push"u8))
        {
            WritePush(reply);
        }
        else
        {
            return false;
        }

        return true;
    }

    private static void WriteBigNumber(RespWriter reply)
    {
        if (reply.Protocol == 2)
        {
            reply.Bulk(BigNumber);
            return;
        }

        reply.Raw("("u8);
        reply.Raw(BigNumber);
        reply.Raw("\r\n"u8);
    }

    private static void WriteAttribute(RespWriter reply)
    {
        if (reply.Protocol > 2)
        {
            reply.Raw("|1\r\n"u8);
            reply.Bulk("key-popularity"u8);
            reply.Array(2);
            reply.Bulk("key:123"u8);
            reply.Integer(90);
        }

        reply.Bulk("Some real reply following the attribute"u8);
    }

    private static void WritePush(RespWriter reply)
    {
        if (reply.Protocol == 2)
        {
            reply.Error("ERR RESP2 is not supported by this command"u8);
            return;
        }

        reply.Push(2);
        reply.Bulk("server-cpu-usage"u8);
        reply.Integer(42);
        reply.Bulk("Some real reply following the push reply"u8);
    }
}
