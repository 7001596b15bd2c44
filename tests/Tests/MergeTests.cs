using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using TracingTutorial.Course.Runs;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>Two states of one lesson are joined in the same way by the player and in a browser tab.</summary>
public sealed class MergeTests(Browser browser)
{
    private static readonly JsonArray Cases = JsonNode.Parse(
        File.ReadAllText(Path.Combine(HostRunner.Root, "tests", "Tests", "conformance", "merge.json")))!.AsArray();

    public static TheoryData<string> Names => [.. Cases.Select(c => (string)c!["name"]!)];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_player_joins(string name)
    {
        var (known, mine, theirs, merged) = CaseOf(name);

        Assert.Equal(Text(merged), Text(Write(KeptLesson.Merge(Read(known), Read(mine), Read(theirs)))));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_tab_joins(string name)
    {
        var (known, mine, theirs, merged) = CaseOf(name);
        await using var shown = await TabSession.OpenPageAsync(browser);

        var joined = await shown.Page.EvaluateAsync<string>("""
            async states => {
              const { isKept, merge } = await import('/session/kept.js');
              const [known, mine, theirs] = states.map(text => JSON.parse(text)), joined = merge(known, mine, theirs);
              if (![known, mine, theirs, joined].every(isKept)) throw new Error('not the format');
              // Joined again with what is there, it is what is there: two tabs that tell each other come to an end.
              if (JSON.stringify(merge(known, joined, joined)) !== JSON.stringify(joined)) throw new Error('it changes again');
              return JSON.stringify(joined);
            }
            """, new[] { known, mine, theirs });

        Assert.Equal(Text(merged), Text(joined));
    }

    private static (string Known, string Mine, string Theirs, string Merged) CaseOf(string name)
    {
        var found = Cases.Single(c => (string?)c!["name"] == name)!;
        return (State("known"), State("mine"), State("theirs"), State("merged"));

        // What a state of the file does not name.
        string State(string side)
        {
            var state = found[side]?.DeepClone().AsObject() ?? [];
            foreach (var (key, value) in new Dictionary<string, JsonNode?>
            {
                ["cells"] = new JsonObject(),
                ["choices"] = new JsonObject(),
                ["visited"] = null,
                ["cleared"] = null,
                ["version"] = 2,
            })
                state.TryAdd(key, value);
            foreach (var (_, cell) in state["cells"]!.AsObject())
            {
                foreach (var (key, value) in new Dictionary<string, JsonNode?>
                {
                    ["original"] = "original",
                    ["source"] = null,
                    ["exercise"] = null,
                    ["solvedBy"] = null,
                    ["others"] = new JsonArray(),
                })
                    cell!.AsObject().TryAdd(key, value);
            }

            return state.ToJsonString();
        }
    }

    private static KeptLesson Read(string state) => JsonSerializer.Deserialize<KeptLesson>(state, JsonSerializerOptions.Web)!;

    private static string Write(KeptLesson state) => JsonSerializer.Serialize(state, JsonSerializerOptions.Web);

    /// <summary>The same text for the same state, however its times and fields are written.</summary>
    private static string Text(string state) => Write(Read(state));
}
