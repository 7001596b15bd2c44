using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using TracingTutorial.Course.Runs;
using Xunit;

namespace TracingTutorial.Tests;

/// <summary>There are three kernels at most, whatever is opened, restarted or started again.</summary>
public sealed class KernelPoolTests
{
    [Fact]
    public async Task The_fourth_lesson_closes_the_one_unused_longest()
    {
        var kernels = new MemoryKernels();
        await using var pool = new KernelPool(kernels.Start);
        var lessons = Enumerable.Range(0, 4).Select(_ => new Owner()).ToArray();
        foreach (var lesson in lessons[..3])
            Assert.NotNull(await pool.StartAsync(lesson, "", _ => { }));
        Assert.Equal([0, 0, 1], lessons[..3].Select(l => l.Notices.Count));      // the third is told before the fourth closes one
        Assert.Contains("3 lessons have a kernel now, and that is the most.", lessons[2].Notices.Single());
        await pool.StartAsync(lessons[2], "", _ => { });
        Assert.Single(lessons[2].Notices); // and not again
        pool.Use(lessons[0]);
        Assert.NotNull(await pool.StartAsync(lessons[3], "", _ => { }));
        Assert.Equal([false, true, false, false], lessons.Select(l => l.Closed));
        Assert.Equal(3, kernels.Alive);
    }

    [Fact]
    public async Task A_lesson_that_runs_keeps_its_kernel_and_a_fourth_gets_none()
    {
        var kernels = new MemoryKernels();
        await using var pool = new KernelPool(kernels.Start);
        foreach (var lesson in new[] { new Owner { IsRunning = true }, new Owner { RefusesToClose = true, IsRunning = true },
            new Owner { IsRunning = true } })
            await pool.StartAsync(lesson, "", _ => { });
        Assert.Null(await pool.StartAsync(new Owner(), "", _ => { }));
        Assert.Equal(3, kernels.Alive);
    }

    [Fact]
    public async Task A_lesson_that_starts_again_has_one_kernel_and_the_old_one_is_disposed_first()
    {
        var kernels = new MemoryKernels();
        await using var pool = new KernelPool(kernels.Start);
        var lesson = new Owner();
        var first = (MemoryKernel)(await pool.StartAsync(lesson, "", _ => { }))!;
        foreach (var _ in Enumerable.Range(0, 5))
            await pool.StartAsync(lesson, "", _ => { });
        Assert.True(first.IsDisposed);
        Assert.Equal(1, kernels.Alive);
        await pool.EndAsync(lesson);
        Assert.Equal(0, kernels.Alive);
    }

    private sealed class Owner : IKernelOwner
    {
        public bool IsRunning { get; set; }

        public bool RefusesToClose { get; init; }

        public bool Closed { get; private set; }

        public List<string> Notices { get; } = [];

        public void Notice(string text) => Notices.Add(text);

        public Task<bool> CloseKernelAsync(string why)
        {
            Closed = !RefusesToClose;
            return Task.FromResult(Closed);
        }
    }
}
