#nullable enable
using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Encodings.Web;
using System.Text.Json;

/// <summary>Writes a trace as OTLP JSON, in the wrapping of Jaeger's API: <c>{"result":{"resourceSpans":[…]}}</c>.</summary>
internal static class OtlpJsonWriter
{
    /// <summary>The trace, with a line for each field, so that it can be read.</summary>
    public static byte[] Write(RecordedTrace trace)
    {
        var text = new MemoryStream();
        var readable = new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using (var json = new Utf8JsonWriter(text, readable))
        {
            json.WriteStartObject();
            json.WriteStartObject("result");
            json.WriteStartArray("resourceSpans");
            foreach (var service in trace.Spans.GroupBy(s => (s.ServiceName, s.Instance)))
            {
                json.WriteStartObject();
                json.WriteStartObject("resource");
                Attributes(json, service.First().Resource);
                json.WriteEndObject();
                json.WriteStartArray("scopeSpans");
                foreach (var scope in service.GroupBy(s => (s.SourceName, s.SourceVersion)))
                {
                    json.WriteStartObject();
                    json.WriteStartObject("scope");
                    json.WriteString("name", scope.Key.SourceName);
                    Text(json, "version", scope.Key.SourceVersion);
                    json.WriteEndObject();
                    json.WriteStartArray("spans");
                    foreach (var span in scope)
                        Span(json, span);
                    json.WriteEndArray();
                    json.WriteEndObject();
                }

                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return text.ToArray();
    }

    private static void Span(Utf8JsonWriter json, RecordedSpan span)
    {
        json.WriteStartObject();
        json.WriteString("traceId", span.TraceId);
        json.WriteString("spanId", span.SpanId);
        Text(json, "parentSpanId", span.ParentSpanId);
        Text(json, "traceState", span.TraceState);
        json.WriteNumber("flags", (int)span.Flags | (span.HasRemoteParent ? 0x300 : 0x100));
        json.WriteString("name", span.Name);
        json.WriteNumber("kind", (int)span.Kind + 1); // OTLP counts from 1; 0 is "not said"
        Time(json, "startTimeUnixNano", span.Start);
        Time(json, "endTimeUnixNano", span.End - span.EndsBeforeStart);
        Attributes(json, span.Attributes);
        List(json, "events", span.Events, e =>
        {
            Time(json, "timeUnixNano", e.Time);
            json.WriteString("name", e.Name);
            Attributes(json, e.Attributes);
        });
        List(json, "links", span.Links, l =>
        {
            json.WriteString("traceId", l.TraceId);
            json.WriteString("spanId", l.SpanId);
            Attributes(json, l.Attributes);
        });
        json.WriteStartObject("status");
        Text(json, "message", span.StatusDescription);
        if (span.Status != 0)
            json.WriteNumber("code", (int)span.Status);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Attributes(Utf8JsonWriter json, IEnumerable<KeyValuePair<string, object?>> attributes) =>
        List(json, "attributes", attributes, a =>
        {
            json.WriteString("key", a.Key);
            json.WritePropertyName("value");
            Value(json, a.Value);
        });

    private static void Value(Utf8JsonWriter json, object? value)
    {
        json.WriteStartObject();
        switch (value)
        {
            case null: break;
            case string text: json.WriteString("stringValue", text); break;
            case bool truth: json.WriteBoolean("boolValue", truth); break;
            case byte[] bytes: json.WriteBase64String("bytesValue", bytes); break;
            case double number when double.IsFinite(number): json.WriteNumber("doubleValue", number); break;
            case double number: json.WriteString("doubleValue", number.ToString(CultureInfo.InvariantCulture)); break; // "NaN", "Infinity"
            case IEnumerable<KeyValuePair<string, object?>> map:
                json.WriteStartObject("kvlistValue");
                List(json, "values", map, a =>
                {
                    json.WriteString("key", a.Key);
                    json.WritePropertyName("value");
                    Value(json, a.Value);
                });
                json.WriteEndObject();
                break;
            case IEnumerable list:
                json.WriteStartObject("arrayValue");
                json.WriteStartArray("values");
                foreach (var item in list)
                    Value(json, item);
                json.WriteEndArray();
                json.WriteEndObject();
                break;
            default: // 64 bits do not fit a JSON number
                json.WriteString("intValue", Convert.ToString(value, CultureInfo.InvariantCulture));
                break;
        }

        json.WriteEndObject();
    }

    private static void List<T>(Utf8JsonWriter json, string name, IEnumerable<T> items, Action<T> write)
    {
        if (!items.Any())
            return;
        json.WriteStartArray(name);
        foreach (var item in items)
        {
            json.WriteStartObject();
            write(item);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Text(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
            json.WriteString(name, value);
    }

    private static void Time(Utf8JsonWriter json, string name, DateTimeOffset time) =>
        json.WriteString(name, (100 * (Int128)(time - DateTimeOffset.UnixEpoch).Ticks).ToString(CultureInfo.InvariantCulture));
}
