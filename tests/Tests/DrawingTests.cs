using System;
using System.Linq;
using Xunit;
using static TracingTutorial.Tests.TraceSamples;

namespace TracingTutorial.Tests;

public sealed class DrawingTests
{
    [Theory]
    [InlineData(0, "0 µs")]
    [InlineData(0.0003, "0.3 µs")]
    [InlineData(0.83, "830 µs")]
    [InlineData(0.9999, "1 ms")]
    [InlineData(1.24, "1.24 ms")]
    [InlineData(12.44, "12.4 ms")]
    [InlineData(999.7, "1 s")]
    [InlineData(2100, "2.1 s")]
    [InlineData(61_000, "61 s")]
    [InlineData(119_700, "2 min 0 s")]
    [InlineData(200_000, "3 min 20 s")]
    [InlineData(3_599_700, "60 min 0 s")]
    [InlineData(7_199_600, "2 h 0 min")]
    [InlineData(30 * 3_600_000d, "30 h 0 min")]
    [InlineData(47.99999 * 3_600_000d, "2 d 0 h")]
    [InlineData(51 * 3_600_000d, "2 d 3 h")]
    [InlineData(-1.24, "−1.24 ms")]
    public void A_duration_has_three_digits_and_a_unit_in_any_culture(double ms, string expected)
    {
        var time = TimeSpan.FromTicks((long)Math.Round(ms * TimeSpan.TicksPerMillisecond));
        foreach (var culture in Cultures.All)
            Assert.Equal(expected, Cultures.In(culture, () => Drawing.Duration(time)));
    }

    [Fact]
    public void The_longest_durations_there_are_have_no_decimals_and_no_overflow()
    {
        Assert.Equal("10675199 d 3 h", Drawing.Duration(TimeSpan.MaxValue));
        Assert.Equal("−10675199 d 3 h", Drawing.Duration(TimeSpan.MinValue));
        Assert.Equal(TimeSpan.MaxValue, MedianValue.Of([TimeSpan.MaxValue, TimeSpan.MaxValue]));
    }

    [Theory]
    [InlineData(new double[] { 7 }, 7)]
    [InlineData(new double[] { 100, 1, 7 }, 7)]
    [InlineData(new double[] { 4, 100, 1, 6 }, 5)]
    public void The_median_is_the_middle_one_or_the_mean_of_two(double[] values, double median)
    {
        Assert.Equal(median, MedianValue.Of(values));
        Assert.Equal(TimeSpan.FromMilliseconds(median), MedianValue.Of(values.Select(TimeSpan.FromMilliseconds)));
    }

    [Fact]
    public void There_is_no_median_of_nothing()
    {
        Assert.Throws<ArgumentException>(() => MedianValue.Of(Array.Empty<double>()));
        Assert.Throws<ArgumentException>(() => MedianValue.Of(Array.Empty<TimeSpan>()));
    }

    [Fact]
    public void A_long_text_is_cut_and_says_how_much_is_left_out()
    {
        Assert.Equal(new string('x', 500), Drawing.Cut(new string('x', 500)));
        Assert.Equal(new string('x', 500) + "… (1 more character)", Drawing.Cut(new string('x', 501)));
        Assert.Equal("🚀… (2 more characters)", Drawing.Cut("🚀🚀", 3)); // never through the middle of a character
        Assert.Equal(new string('x', 500) + "… (999,500 more characters)", Drawing.Encode(new string('x', 1_000_000)));
    }

    [Fact]
    public void Counts_and_numbers_are_written_with_commas_and_points_in_any_culture()
    {
        foreach (var culture in Cultures.All)
        {
            Assert.Equal("1 span, 4,960 spans, -0.25, 12.5%", Cultures.In(culture, () =>
                $"{Drawing.Count(1, "span")}, {Drawing.Count(4_960, "span")}, {Drawing.Number(-0.25)}, {Drawing.Percent(0.125)}"));
        }
    }
}
