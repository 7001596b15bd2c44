using System;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Xunit;
using static TracingTutorial.Tests.OtlpReceiverTests;

namespace TracingTutorial.Tests;

/// <summary>Small bodies that become large ones: what they may cost, and that an honest sender beside them is served.</summary>
[Collection(nameof(NotParallel))]
public sealed class OtlpBoundsTests : IDisposable
{
    private const long MiB = 1 << 20;
    private static readonly HttpClient Client = new() { Timeout = HostRunner.Hang };
    private readonly (int Workers, int Ports) threads;

    // Enough threads that nothing but the receiver itself keeps forty bodies from being unpacked at once.
    public OtlpBoundsTests()
    {
        ThreadPool.GetMinThreads(out threads.Workers, out threads.Ports);
        ThreadPool.SetMinThreads(60, 60);
    }

    public void Dispose() => ThreadPool.SetMinThreads(threads.Workers, threads.Ports);

    [Fact(Explicit = true)]
    public async Task Forty_small_bodies_that_become_large_ones_are_refused_in_bounded_memory_and_an_honest_one_is_answered()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        byte[][] hostile = [ManyEmpty(13, 2_000_000), ManyEmpty(9, 2_000_000), ManyEmpty(11, 2_000_000), Gzip(new byte[(16 << 20) + 1])];
        Assert.InRange(hostile[0].Length, 1, 20_000);

        var (peak, statuses) = await PeakAsync(() => Task.WhenAll(Enumerable.Range(0, 40)
            .Select(i => StatusAsync(receiver, hostile[i % 4], gzip: true))
            .Append(StatusAsync(receiver, Request(Span("honest")), gzip: false))));

        Assert.Equal([.. Enumerable.Repeat(413, 40), 200], statuses);
        Assert.InRange(peak, 0, 256 * MiB);
        Assert.Equal("honest", Assert.Single(receiver.Spans).Name);
        Assert.Equal(2, receiver.MostAtOnce);
        // what came, not what it became
        Assert.All(receiver.Requests.Where(r => r.Status == 413), r => Assert.InRange(r.Bytes, 1, 200_000));
        Assert.Equal(30,
            receiver.Requests.Count(r =>
                r.Problem == "There are more than 250,000 messages (spans, attributes, values) in one request. Export smaller batches."));
    }

    [Fact(Explicit = true)]
    public async Task Bodies_just_within_the_limits_are_kept_in_bounded_memory_though_all_belong_to_one_trace()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        // Each a span of its own: copies would be kept once.
        var large = Enumerable.Range(1, 16).Select(i => (i % 4) switch
        {
            0 => ManyEmpty(13, 249_000, (byte)i),
            1 => ManyEmpty(9, 249_000, (byte)i),
            2 => ManyEmpty(11, 249_000, (byte)i),
            _ => Gzip(Request(Message(Field(1, Id(16, 1)), Field(2, Id(8, (byte)i)), Field(5, new byte[15 << 20])))),
        }).ToArray();

        var (peak, statuses) = await PeakAsync(() => Task.WhenAll(large.Select(body => StatusAsync(receiver, body, gzip: true))));

        Assert.All(statuses, s => Assert.Equal(200, s));
        Assert.Equal(16, receiver.Count + receiver.Dropped);
        Assert.InRange(receiver.Count, 2, 15);
        Assert.InRange(peak, 0, 400 * MiB);
        var kept = GC.GetTotalMemory(forceFullCollection: true);
        receiver.Clear();
        Assert.InRange(kept - GC.GetTotalMemory(forceFullCollection: true), 0, OtlpReceiver.MaxBytes);
    }

    [Fact]
    public async Task Thousands_of_hostile_bodies_lose_nothing()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        var random = new Random(12);
        var (hostile, honest, bomb) = (0, 0, ManyEmpty(13, 300_000));
        await Task.WhenAll(Enumerable.Range(0, 8).Select(sender => Task.Run(async () =>
        {
            for (var i = 0; i < 200; i++)
            {
                var noise = new byte[200];
                lock (random)
                    random.NextBytes(noise);
                Interlocked.Add(ref hostile, await StatusAsync(receiver, i % 50 > 0 ? noise : bomb, gzip: i % 3 > 0
                    || i % 50 == 0) is 400 or 413 ? 1 : 0);
                Interlocked.Add(ref honest, await StatusAsync(receiver, Request(Span($"{sender}.{i}")), gzip: false) == 200 ? 1 : 0);
            }
        })));

        Assert.Equal((1_600, 1_600), (hostile, honest));
        Assert.Equal(1_600, receiver.Spans.Select(s => s.Name).Distinct().Count());
    }

    [Fact]
    public async Task Thirty_thousand_damaged_bodies_are_decoded_or_refused_and_leave_nothing_behind()
    {
        var bodies = await RealBodiesAsync();
        var random = new Random(20261101);
        var (accepted, refused, views, sum) = (0, 0, 0, 0L);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var i = 0; i < 30_000; i++)
        {
            var damaged = Damage(bodies[i % bodies.Length], random);
            var allocated = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                OtlpDecoder.Decode(damaged);
                accepted++;
            }
            catch (InvalidDataException e)
            {
                Assert.StartsWith("Byte ", e.Message, StringComparison.Ordinal);
                refused++;
            }

            allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
            sum += allocated;
            Assert.InRange(allocated, 0, 200_000); // however large a length it claims
            if (i % 100 == 0)
                views += OtlpView.Of(damaged) is var view && view.ToHtml().Length + view.ToString().Length < 200_000 ? 1 : 0;
        }

        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, sum / 10);
        Assert.True(accepted > 1_000 && refused > 1_000, $"{accepted} accepted, {refused} refused");
        Assert.Equal(300, views);
    }

    // One span with so many empty messages in one of its fields: two bytes each, and almost nothing when compressed.
    private static byte[] ManyEmpty(int field, int count, byte spanId = 1)
    {
        var pair = Field(field, []);
        var all = new byte[pair.Length * count];
        for (var i = 0; i < all.Length; i++)
            all[i] = pair[i % pair.Length];
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize))
            gzip.Write(Request([.. Field(1, Id(16, 1)), .. Field(2, Id(8, spanId)), .. Field(5, "hostile"u8), .. all]));
        return packed.ToArray();
    }

    private static async Task<int> StatusAsync(OtlpReceiver receiver, byte[] body, bool gzip)
    {
        using var content = new ByteArrayContent(body) { Headers = { ContentType = new("application/x-protobuf") } };
        if (gzip)
            content.Headers.ContentEncoding.Add("gzip");
        using var response = await Client.PostAsync(receiver.TracesEndpoint, content);
        return (int)response.StatusCode;
    }

    /// <summary>What the work took at most of the managed memory, besides what was there before.</summary>
    private static async Task<(long Peak, T Result)> PeakAsync<T>(Func<Task<T>> work)
    {
        var (before, peak, done) = (GC.GetTotalMemory(forceFullCollection: true), 0L, false);
        var watcher = new Thread(() =>
        {
            while (!Volatile.Read(ref done))
            {
                GC.Collect(); // what is held, and not what waits to be collected
                peak = Math.Max(peak, GC.GetTotalMemory(forceFullCollection: false));
                Thread.Sleep(1);
            }
        });
        watcher.Start();
        try
        {
            var result = await work();
            return (Stop() - before, result);
        }
        finally
        {
            Stop();
        }

        long Stop()
        {
            Volatile.Write(ref done, true);
            watcher.Join();
            return peak;
        }
    }
}
