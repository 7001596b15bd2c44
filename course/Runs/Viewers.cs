using System;
using System.Collections.Generic;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Threading;
using System.Threading.Channels;

namespace TracingTutorial.Course.Runs;

/// <summary>One page that shows a lesson: the messages for it.</summary>
internal sealed class Viewer(Action<Viewer> leave) : IDisposable
{
    private const int MaxWaiting = 10_000;

    // The page parses it as JSON, so HTML needs no escapes, and a drawing has half the bytes.
    private static readonly JsonSerializerOptions Json = new(JsonSerializerOptions.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new SurrogateSafeText() },
    };

    private readonly Channel<string> _messages =
        Channel.CreateBounded<string>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });

    /// <summary>The messages in order. They end when the page cannot keep up: it connects again, and receives the state.</summary>
    public ChannelReader<string> Messages => _messages.Reader;

    public static string Text(object message) => JsonSerializer.Serialize(message, Json);

    public void Send(object message) => SendText(Text(message));

    /// <summary>The page is closed.</summary>
    public void Dispose() => leave(this);

    internal void SendText(string message)
    {
        if (_messages.Writer.TryWrite(message))
            return;
        _messages.Writer.TryComplete();
        Dispose();
    }
}

/// <summary>The pages that show one lesson.</summary>
internal sealed class Viewers
{
    private readonly Lock _lock = new();
    private readonly List<Viewer> _viewers = [];
    private readonly List<string> _unsaid = []; // notices that no page has been there to show

    /// <summary>A new page. Until it has joined, it receives only messages for itself.</summary>
    public Viewer Add() => new(Remove);

    /// <summary>The page has the state: from here on it receives every change.</summary>
    public void Join(Viewer viewer)
    {
        string[] notices;
        lock (_lock)
        {
            if (!_viewers.Contains(viewer))
                _viewers.Add(viewer);
            notices = [.. _unsaid];
            _unsaid.Clear();
        }

        foreach (var text in notices)
            Notice(text);
    }

    /// <summary>Sends a sentence to every page about the lesson as a whole; when there is no page, the next one receives it.</summary>
    public void Notice(string text)
    {
        lock (_lock)
        {
            if (_viewers.Count == 0)
            {
                _unsaid.Add(text);
                return;
            }
        }

        Send(new { type = "notice", text });
    }

    /// <summary>Sends a message to every page.</summary>
    public void Send(object message)
    {
        Viewer[] all;
        lock (_lock)
            all = [.. _viewers];
        if (all.Length == 0)
            return;
        var text = Viewer.Text(message);
        foreach (var viewer in all)
            viewer.SendText(text);
    }

    private void Remove(Viewer viewer)
    {
        lock (_lock)
            _viewers.Remove(viewer);
    }
}
