#nullable enable
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging;

/// <summary>A line of a service's log. It knows the span in which it was written, but its text does not say so.</summary>
/// <param name="Time">UTC.</param>
/// <param name="Service">The service that wrote it.</param>
/// <param name="Level">Its level.</param>
/// <param name="Message">Its text.</param>
/// <param name="TraceId">32 lower-case hex digits; null if there was no current activity.</param>
/// <param name="SpanId">16 lower-case hex digits; null if there was no current activity.</param>
public sealed record LogLine(DateTimeOffset Time, string Service, LogLevel Level, string Message, string? TraceId, string? SpanId)
{
    /// <summary>As in a log file: <c>08:15:02.123 info  user-service    user loaded in 9 ms</c>.</summary>
    public override string ToString()
    {
        var level = Level switch { LogLevel.Information => "info", LogLevel.Warning => "warn", _ => Level.ToString().ToLowerInvariant() };
        return string.Create(CultureInfo.InvariantCulture, $"{Time:HH:mm:ss.fff} {level,-5} {Service,-15} {Message}");
    }
}

/// <summary>Collects what the services log through <see cref="ILogger"/>, in the order of time; of many lines the last 20,000.</summary>
internal sealed class ShopLog
{
    public const int MaxLines = 20_000;
    private readonly Queue<LogLine> lines = new();

    public IReadOnlyList<LogLine> Lines
    {
        get
        {
            lock (lines)
                return lines.ToArray();
        }
    }

    /// <summary>The part of one service.</summary>
    public ILoggerProvider Of(string service) => new ServiceLog(this, service);

    private sealed class ServiceLog(ShopLog log, string service) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string category) => this;
        public bool IsEnabled(LogLevel level) => level != LogLevel.None;
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public void Log<TState>(LogLevel level, EventId id, TState state, Exception? exception, Func<TState, Exception?, string> text)
        {
            var (message, span) = (text(state, exception), Activity.Current?.Context);
            lock (log.lines)
            {
                if (log.lines.Count == MaxLines)
                    log.lines.Dequeue();
                log.lines.Enqueue(new(DateTimeOffset.UtcNow, service, level, message,
                    span?.TraceId.ToHexString(), span?.SpanId.ToHexString()));
            }
        }

        public void Dispose()
        {
        }
    }
}
