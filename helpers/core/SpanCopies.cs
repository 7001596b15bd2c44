#nullable enable
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;

/// <summary>
/// Each span once, however often it came. Each provider of a process listens to the sources of all services in it: where two services
/// run in one process and both providers listen to one source, each of its spans is exported twice, under either name.
/// </summary>
internal static class SpanCopies
{
    public static IEnumerable<RecordedSpan> Once(IEnumerable<RecordedSpan> spans)
    {
        var once = spans.GroupBy(s => s).Select(g => !g.Skip(1).Any() ? g.Key
            : g.Key with { Copies = g.Distinct<RecordedSpan>(ReferenceEqualityComparer.Instance).Sum(s => s.Copies) }).ToArray();
        var same = once.GroupBy(s => (s.TraceId, s.SpanId, s.Start, s.Duration, s.Kind, s.Name, s.SourceName))
            .Select(g => g.ToArray()).ToArray();
        return same.Length == once.Length ? once : new Services(same).Chosen();
    }

    // What runs below a span without leaving the process is of the same service: one span that came under one name alone tells the
    // name of all of these. Where a server may be either, it is not its caller.
    private sealed class Services(RecordedSpan[][] same)
    {
        private readonly Dictionary<(string, string?), RecordedSpan> byId =
            same.Select(s => s[0]).DistinctBy(s => (s.TraceId, s.SpanId)).ToDictionary(s => (s.TraceId, (string?)s.SpanId));
        private readonly Dictionary<RecordedSpan, RecordedSpan> entries = []; // for each span the one with which its service was entered
        private readonly Dictionary<RecordedSpan, string[]> names = [];       // for each entry the names that its service may have

        public IEnumerable<RecordedSpan> Chosen()
        {
            foreach (var copies in same)
            {
                var possible = copies.Where(c => !c.OfAnotherHost).DefaultIfEmpty(copies[0]).Select(c => c.ServiceName).ToArray();
                var entry = EntryOf(copies[0]);
                var both = names.GetValueOrDefault(entry, possible).Intersect(possible).ToArray();
                names[entry] = both.Length > 0 ? both : possible;
            }

            foreach (var entry in names.Keys.OrderBy(e => e.Start).ToArray())
            {
                if (Parent(entry) is { } caller && names[EntryOf(caller)] is var of && (of.Length == 1 || names[entry].Length == 1))
                    (names[entry], names[EntryOf(caller)]) = (Without(names[entry], of), Without(of, names[entry]));
            }

            return same.Select(copies => copies.Length == 1 ? copies[0] : Merge(copies, names[EntryOf(copies[0])]));
        }

        private static string[] Without(string[] names, string[] known) =>
            names.Length > 1 && known.Length == 1 && names.Except(known).ToArray() is { Length: > 0 } left ? left : names;

        private static RecordedSpan Merge(RecordedSpan[] copies, string[] names)
        {
            var all = copies.Select(c => c.ServiceName).ToArray();
            var span = copies.FirstOrDefault(c => names.Contains(c.ServiceName)) ?? copies[0];
            var unknown = string.Join(" or ", names.Intersect(all).Order());
            return span with
            {
                CameAs = all,
                Resource = names.Intersect(all).Skip(1).Any()
                    ? [.. span.Resource.Where(a => a.Key != "service.name"), KeyValuePair.Create("service.name", (object?)unknown)]
                    : span.Resource,
            };
        }

        private RecordedSpan EntryOf(RecordedSpan span)
        {
            var way = new HashSet<RecordedSpan>();
            var entry = span;
            while (!entries.ContainsKey(entry) && way.Add(entry) && !IsEntry(entry))
                entry = Parent(entry)!;
            entry = entries.GetValueOrDefault(entry, entry);
            foreach (var passed in way)
                entries[passed] = entry;
            return entry;
        }

        private RecordedSpan? Parent(RecordedSpan span) => byId.GetValueOrDefault((span.TraceId, span.ParentSpanId));

        private bool IsEntry(RecordedSpan span) => span.HasRemoteParent || Parent(span) is not { } parent
            || parent.Kind is ActivityKind.Client or ActivityKind.Producer && span.Kind is ActivityKind.Server or ActivityKind.Consumer;
    }
}
