using System.Linq;
using System.Threading.Tasks;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace TracingTutorial.Tests;

/// <summary>What keeps people with other eyes, hands or ears out of a page, as axe finds it.</summary>
internal static class Axe
{
    /// <summary>The serious and critical findings: the rule, and where it is broken.</summary>
    public static async Task<string[]> SeriousAsync(IPage page)
    {
        var result = await page.RunAxe();
        return [.. result.Violations.Where(v => v.Impact is "serious" or "critical")
            .Select(v => $"{v.Id}: {v.Help}\n" + string.Join('\n',
            v.Nodes.Take(4)
                .Select(n =>
                    $"  {n.Html[..System.Math.Min(n.Html.Length, 160)]} {string.Join(' ', n.Any.Concat(n.All).Select(c => c.Message))}")))];
    }
}
