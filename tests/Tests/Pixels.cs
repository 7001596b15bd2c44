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

    /// <summary>
    /// The texts of the page that cannot be read as it is shown now: between the lightest and the darkest point where one is, the
    /// contrast is less than 3. The page must be as high as its content.
    /// </summary>
    public static async Task<string[]> UnreadableAsync(this IPage page)
    {
        var picture = Convert.ToBase64String(await page.ScreenshotAsync());
        return await page.EvaluateAsync<string[]>("""
            async picture => {
              const image = new Image();
              image.src = 'data:image/png;base64,' + picture;
              await image.decode();
              const canvas = Object.assign(document.createElement('canvas'), { width: image.width, height: image.height });
              const context = canvas.getContext('2d', { willReadFrequently: true });
              context.drawImage(image, 0, 0);
              const light = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
              const bad = [];
              const look = root => {
                const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
                while (walker.nextNode()) {
                  const node = walker.currentNode;
                  if (node.shadowRoot) look(node.shadowRoot);
                  if (node.nodeType !== Node.TEXT_NODE || !node.data.trim() || node.parentElement.matches('style, script, noscript')) continue;
                  if (!node.parentElement.checkVisibility({ contentVisibilityAuto: true, visibilityProperty: true, opacityProperty: true })) continue;
                  if (node.parentElement.closest('.skip, :disabled')) continue;
                  const range = document.createRange();
                  range.selectNodeContents(node);
                  let [least, most] = [1, 0];
                  const boxes = [...range.getClientRects()].filter(b => b.width > 2 && b.height > 2 && b.right <= image.width && b.bottom <= image.height);
                  for (const b of boxes) {
                    const { data } = context.getImageData(b.x, b.y, b.width, b.height);
                    for (let i = 0; i < data.length; i += 4) {
                      const l = 0.2126 * light(data[i]) + 0.7152 * light(data[i + 1]) + 0.0722 * light(data[i + 2]);
                      [least, most] = [Math.min(least, l), Math.max(most, l)];
                    }
                  }
                  if (boxes.length && (most + 0.05) / (least + 0.05) < 3) bad.push(node.data.trim().slice(0, 60));
                }
              };
              look(document.body);
              return bad;
            }
            """, picture);
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
