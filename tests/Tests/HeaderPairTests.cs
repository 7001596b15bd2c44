using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text;
using OpenTelemetry.Context.Propagation;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>
/// Thirty pairs of traceparent and tracestate (hard/case29): how each is to be read, and how the two propagators of .NET read it,
/// measured by running both.
/// </summary>
public sealed class HeaderPairTests
{
    private sealed record Pair(string What, string[] Traceparent, string[] Tracestate, string Right);

    [Fact]
    public void Each_pair_is_read_as_the_specification_says()
    {
        var pairs = Pairs();
        Assert.Equal(30, pairs.Length);
        Assert.All(pairs, pair =>
        {
            var view = View(pair);
            var isUsed = pair.Right.StartsWith("use", StringComparison.Ordinal);
            Assert.Equal((pair.What, isUsed), (pair.What, view.Traceparent.IsValid));
            if (!isUsed)
                return;
            Assert.Equal(!pair.Right.Contains("not sampled", StringComparison.OrdinalIgnoreCase), view.IsSampled);
            Assert.Equal(pair.Right.Contains("random id", StringComparison.Ordinal), view.IsRandom);
            Assert.Equal(pair.What is "upper-case key" or "33 members", view.Tracestate is { IsValid: false });
            Assert.Equal(pair.What is "reserved bits", view.Parts.Any(p => p.Remark?.Contains("reserved") == true));
        });
    }

    [Fact]
    public void A_tracestate_key_that_is_there_twice_is_a_remark_and_no_error()
    {
        var view = View(Pairs().Single(p => p.What == "one key twice"));

        Assert.True(view.IsValid);
        Assert.StartsWith("The key 'rojo' is there more than once", Assert.Single(view.Tracestate!.Remarks));
        Assert.Contains("rojo", view.ToHtml());
    }

    // What a row says: the trace goes on or not, sampled or not, and what is left of the tracestate.
    [Fact]
    public void What_the_two_propagators_of_NET_make_of_each_pair()
    {
        var text = new StringBuilder("pair | right | System.Diagnostics | OpenTelemetry\n");
        foreach (var pair in Pairs())
            text.Append($"{pair.What} | {pair.Right} | {OfNet(pair)} | {OfOpenTelemetry(pair)}\n");
        Drawings.Matches("header-pairs.txt", text.ToString().TrimEnd());
    }

    private static TraceparentView View(Pair pair) => TraceparentView.Of(
        pair.Traceparent.Length == 0 ? null : string.Join(',', pair.Traceparent), pair.Tracestate.Length == 0
            ? null
            : string.Join(',', pair.Tracestate));

    private static string OfNet(Pair pair)
    {
        DistributedContextPropagator.CreateW3CPropagator().ExtractTraceIdAndState(pair,
            (object? carrier, string name, out string? value, out IEnumerable<string>? values) =>
        {
            var sent = name == "traceparent" ? pair.Traceparent : name == "tracestate" ? pair.Tracestate : [];
            value = sent.Length > 1 ? null : sent.FirstOrDefault();
            values = sent.Length > 1 ? sent : null;
        }, out var id, out var state);
        return ActivityContext.TryParse(id, state, isRemote: true, out var context)
            ? Text(context)
            : id is null ? "new trace" : "new trace (ActivityContext refuses it)";
    }

    private static string OfOpenTelemetry(Pair pair)
    {
        var context = new TraceContextPropagator().Extract(default, pair,
            (p, name) => name == "traceparent" ? p.Traceparent : name == "tracestate" ? p.Tracestate : []).ActivityContext;
        return context.TraceId != default && context.SpanId != default ? Text(context) : "new trace";
    }

    private static string Text(ActivityContext context) =>
        $"use, {((context.TraceFlags & ActivityTraceFlags.Recorded) != 0 ? "sampled" : "not sampled")} {(int)context.TraceFlags:x2}"
        + (string.IsNullOrEmpty(context.TraceState)
            ? ""
            : $", {(context.TraceState.Length > 40 ? $"{context.TraceState.Split(',').Length} members" : context.TraceState)}");

    private static Pair[] Pairs() => File.ReadLines(Path.Combine(HostRunner.Root, "tests", "Tests", "hard", "case29-trace-headers.txt"))
        .Where(l => !l.StartsWith('#') && l.Length > 0).Select(l => l.Split('\t'))
        .Select(c => new Pair(c[0], Values(c[1]), Values(c[2]), c[3])).ToArray();

    private static string[] Values(string cell) => cell switch { "" => [], "(empty)" => [""], _ => cell.Split(" || ") };
}
