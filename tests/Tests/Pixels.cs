using System;
using System.Linq;
using System.Threading.Tasks;
using Microsoft.Playwright;

namespace TracingTutorial.Tests;

/// <summary>What a reader of a page sees: the colours of single points of its picture.</summary>
internal static class Pixels
{
    /// <summary>Takes all backgrounds away, as a browser does on paper unless it is told to print them.</summary>
    public const string NoBackgrounds = "*,*::before,*::after{background:none!important;box-shadow:none!important}";

    /// <summary>The luminance (WCAG, 0 to 1) at points of the page as it is shown now.</summary>
    public static async Task<double[]> LuminancesAsync(this IPage page, (double X, double Y)[] points)
    {
        var picture = Convert.ToBase64String(await page.ScreenshotAsync(new() { FullPage = true }));
        return await page.EvaluateAsync<double[]>("""
            async ([picture, points]) => {
              const image = new Image();
              image.src = 'data:image/png;base64,' + picture;
              await image.decode();
              const canvas = Object.assign(document.createElement('canvas'), { width: image.width, height: image.height });
              const context = canvas.getContext('2d');
              context.drawImage(image, 0, 0);
              return points.map(([x, y]) => [...context.getImageData(x, y, 1, 1).data].slice(0, 3).map(c => c / 255)
                .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4).reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0));
            }
            """, new object[] { picture, points.Select(p => new[] { p.X, p.Y }).ToArray() });
    }

    /// <summary>The contrast of two luminances: 1 for the same, 21 for black on white.</summary>
    public static double Contrast(double a, double b) => (Math.Max(a, b) + 0.05) / (Math.Min(a, b) + 0.05);

    /// <summary>How many of the elements look different when only light and dark count.</summary>
    public static async Task<int> ShapesAsync(this IPage page, string selector)
    {
        var elements = await page.Locator(selector).AllAsync();
        var pictures = await Task.WhenAll(elements.Select(async e => Convert.ToBase64String(await e.ScreenshotAsync())));
        return pictures.Distinct().Count();
    }
}
