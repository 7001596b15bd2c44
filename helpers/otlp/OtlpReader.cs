#nullable enable
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Google.Protobuf;

/// <summary>Reads messages in Protobuf's binary form. Fields that it does not know are skipped.</summary>
internal sealed class OtlpReader
{
    public const int MaxDepth = 32;

    private const int MaxId = 40; // in bytes: what is longer is no id, and enough of it is kept to say so
    public static readonly string TooDeep = $"A value is nested more than {MaxDepth} deep: what is deeper is left out.";

    private const string TooShort = "the data ends in the middle of it, or a length is wrong.";

    private readonly byte[] body;
    private CodedInputStream input;
    private readonly Stack<(OtlpNode Parent, OtlpField Field)> path = new();
    private string field = ""; // where the reader is, and at which byte it began
    private readonly OtlpReading reading;
    private long position;
    private InvalidDataException? damage; // the first one that something else was read after
    private int wholeSpans;

    private OtlpReader(byte[] body, OtlpReading reading) => (this.body, input, this.reading) = (body, new CodedInputStream(body), reading);

    /// <param name="body">An <c>ExportTraceServiceRequest</c>.</param>
    /// <param name="reading">Counts the messages, and hears what is left out.</param>
    /// <exception cref="InvalidDataException">The bytes are no such message; the text says where, and what is wrong.</exception>
    /// <exception cref="OtlpTooLarge">There is too much in it.</exception>
    public static OtlpNode Read(byte[] body, OtlpReading reading)
    {
        var reader = new OtlpReader(body, reading);
        try
        {
            var request = reader.ReadMessage(new OtlpNode(), OtlpMessage.Request, body.Length, depth: 0);
            return reader.wholeSpans == 0 && reader.damage is not null ? throw reader.damage : request;
        }
        catch (InvalidProtocolBufferException e)
        {
            throw reader.Problem(e);
        }
    }

    private OtlpNode ReadMessage(OtlpNode node, OtlpMessage type, int end, int depth)
    {
        while (Next(type, end) is { } known)
        {
            if (ReadValue(node, known, end, depth) is { } value)
                node.Add(known, value);
        }

        return node;
    }

    // Null for a value that is left out.
    private object? ReadValue(OtlpNode node, OtlpField known, int end, int depth) => known.Type switch
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
        "id16" or "id8" => ReadId(),
        _ => ReadInner(node, known, end, depth),
    };

    // The field that was just announced holds a message. It cannot go beyond the message that it is in.
    private OtlpNode? ReadInner(OtlpNode node, OtlpField known, int end, int depth)
    {
        if (known.Type is "ArrayValue" or "KeyValueList" && ++depth > MaxDepth)
        {
            reading.LeaveOut(TooDeep);
            input.SkipLastField();
            return null;
        }

        var length = input.ReadLength();
        if (length < 0 || length > end - input.Position)
            throw Problem(TooShort);
        reading.CountMessage();
        path.Push((node, known));
        var last = (int)input.Position + length;
        var inner = known.Type is "Span" or "ResourceSpans" or "ScopeSpans" or "Resource" or "InstrumentationScope"
            ? ReadKept(known, last) : ReadMessage(new OtlpNode(), known.Message!, last, depth);
        path.Pop();
        return inner;
    }

    // Null for a span that cannot be read; of what spans are in, or belong to, the part before the damage. The length is known,
    // so what is beside it is read.
    private OtlpNode? ReadKept(OtlpField known, int end)
    {
        var (level, node) = (path.Count, new OtlpNode());
        try
        {
            ReadMessage(node, known.Message!, end, depth: 0);
            wholeSpans += known.Type == "Span" ? 1 : 0;
            return node;
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or InvalidDataException)
        {
            var problem = e as InvalidDataException ?? Problem((InvalidProtocolBufferException)e);
            damage ??= problem;
            if (known.Type == "Span")
                reading.Reject($"A span cannot be read. {problem.Message}");
            else
                reading.LeaveOut($"A part of the message {known.Type} cannot be read. {problem.Message}");
            while (path.Count > level)
                path.Pop();
            input = new CodedInputStream(body, end, body.Length - end);
            return known.Type == "Span" ? null : node;
        }
    }

    // In hex. Whether it is a valid id is asked when the span is there, and its name can be said.
    private string ReadId()
    {
        var at = (int)input.Position;
        if (at >= body.Length || body[at] is not (8 or 16) || body.Length - at <= body[at])
        {
            var id = input.ReadBytes().Span;
            return Convert.ToHexStringLower(id[..Math.Min(id.Length, MaxId)]);
        }

        for (var i = input.ReadLength(); i > 0; i -= 8) // the usual case, without a copy
            input.ReadFixed64();
        return Convert.ToHexStringLower(body, at + 1, body[at]);
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

    private InvalidDataException Problem(InvalidProtocolBufferException e) =>
        Problem(e.Message.Contains("ended unexpectedly", StringComparison.Ordinal) ? TooShort : e.Message);

    // "Byte 6, resource_spans[0].resource.attributes[0].key: …"
    private InvalidDataException Problem(string what)
    {
        var steps = path.Reverse().Select(p => p.Field.Name + (p.Field.Mark == '*' ? $"[{p.Parent.Count(p.Field.Name)}]" : ""));
        var where = string.Join('.', steps.Append(field).Where(p => p.Length > 0));
        return new InvalidDataException($"Byte {position}{(where.Length > 0 ? ", " : "")}{where}: {what}");
    }
}
