#nullable enable
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Google.Protobuf;

/// <summary>Reads messages in Protobuf's binary form. Fields that it does not know are skipped.</summary>
internal sealed class OtlpReader
{
    public const int MaxDepth = 32, MaxMessages = 2_000_000;

    private const string TooShort = "the data ends in the middle of it, or a length is wrong.";

    private readonly byte[] body;
    private readonly CodedInputStream input;
    private readonly Stack<(OtlpNode Parent, OtlpField Field)> path = new();
    private string field = ""; // where the reader is, and at which byte it began
    private long position;
    private int messages;

    private OtlpReader(byte[] body) => (this.body, input) = (body, new CodedInputStream(body));

    /// <param name="body">An <c>ExportTraceServiceRequest</c>.</param>
    /// <param name="messages">How many messages are in it: spans, attributes, values and so on.</param>
    /// <exception cref="InvalidDataException">The bytes are no such message; the text says where, and what is wrong.</exception>
    public static OtlpNode Read(byte[] body, out int messages)
    {
        var reader = new OtlpReader(body);
        try
        {
            var request = reader.ReadMessage(OtlpMessage.Request, body.Length, depth: 0);
            messages = reader.messages;
            return request;
        }
        catch (InvalidProtocolBufferException e)
        {
            throw reader.Problem(e.Message.Contains("ended unexpectedly", StringComparison.Ordinal) ? TooShort : e.Message);
        }
    }

    private OtlpNode ReadMessage(OtlpMessage type, int end, int depth)
    {
        var node = new OtlpNode(type);
        while (Next(type, end) is { } known)
            node.Add(known, ReadValue(node, known, end, depth));
        if (node.Missing() is not { } missing)
            return node;
        field = missing.Name;
        throw Problem("it is missing.");
    }

    private object ReadValue(OtlpNode node, OtlpField known, int end, int depth) => known.Type switch
    {
        "string" => input.ReadString(),
        "bytes" => input.ReadBytes().ToByteArray(),
        "bool" => input.ReadBool(),
        "int64" => input.ReadInt64(),
        "uint32" => input.ReadUInt32(),
        "double" => input.ReadDouble(),
        "fixed32" => input.ReadFixed32(),
        "fixed64" => input.ReadFixed64(),
        "SpanKind" or "StatusCode" => input.ReadEnum(),
        "id16" or "id8" => ReadId(end, known),
        _ => ReadInner(node, known, end, depth),
    };

    // The field that was just announced holds a message. It cannot go beyond the message that it is in.
    private OtlpNode ReadInner(OtlpNode node, OtlpField known, int end, int depth)
    {
        var length = input.ReadLength();
        if (length < 0 || length > end - input.Position)
            throw Problem(TooShort);
        if (++messages > MaxMessages)
            throw Problem($"more than {MaxMessages} messages in one request.");
        if (known.Type is "ArrayValue" or "KeyValueList" && ++depth > MaxDepth)
            throw Problem($"values are nested more than {MaxDepth} deep.");
        path.Push((node, known));
        var inner = ReadMessage(known.Message!, (int)input.Position + length, depth);
        path.Pop();
        return inner;
    }

    private string ReadId(int end, OtlpField known)
    {
        var length = input.ReadLength();
        if (length == 0 && known.Mark != '!')
            return "";
        if (length != known.IdLength)
            throw Problem($"{Drawing.Count(length, "byte")}, but an id of this kind has {known.IdLength}.");
        if (end - input.Position < length)
            throw Problem(TooShort);
        var id = body.AsSpan((int)input.Position, length);
        for (var i = 0; i < length; i += 8) // the reader goes on behind the id
            input.ReadFixed64();
        if (known.Mark == '!' && id.IndexOfAnyExcept((byte)0) < 0)
            throw Problem("all zeros stand for 'no id'.");
        return Convert.ToHexStringLower(id);
    }

    // The next known field, null at the end of the message.
    private OtlpField? Next(OtlpMessage type, int end)
    {
        while (input.Position < end)
        {
            (field, position) = ("", input.Position);
            var tag = input.ReadTag();
            var (number, wire) = (WireFormat.GetTagFieldNumber(tag), WireFormat.GetTagWireType(tag));
            if (type.Field(number) is { } known)
            {
                field = known.Name;
                if (wire != known.Wire)
                    throw Problem($"wire type {(int)wire}, but field {number} of {type.Name} has {(int)known.Wire}.");
                return known;
            }

            field = $"field {number}";
            if (wire > WireFormat.WireType.Fixed32)
                throw Problem($"there is no wire type {(int)wire}.");
            input.SkipLastField();
        }

        return input.Position == end ? null : throw Problem(TooShort); // the last field went beyond the end of its message
    }

    // "Byte 6, resource_spans[0].resource.attributes[0].key: …"
    private InvalidDataException Problem(string what)
    {
        var steps = path.Reverse().Select(p => p.Field.Name + (p.Field.Mark == '*' ? $"[{p.Parent.Count(p.Field.Name)}]" : ""));
        var where = string.Join('.', steps.Append(field).Where(p => p.Length > 0));
        return new InvalidDataException($"Byte {position}{(where.Length > 0 ? ", " : "")}{where}: {what}");
    }
}
