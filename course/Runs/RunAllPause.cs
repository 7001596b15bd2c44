using System;
using System.Collections.Generic;
using System.Linq;
using TracingTutorial.Course.Pages;

namespace TracingTutorial.Course.Runs;

/// <summary>Where <em>Run all</em> stops: before the first cell of a prediction that the learner has not made.</summary>
/// <param name="page">Has the questions.</param>
/// <param name="questions">Says which ones are answered.</param>
/// <param name="send">Sends a message to all pages.</param>
internal sealed class RunAllPause(LessonPage page, QuestionState questions, Action<object> send)
{
    private LessonPage.PageQuestion? _next; // where it stops when the queue is empty
    private LessonPage.PageQuestion? _at; // where it has stopped

    /// <summary>The key of the question at which <em>Run all</em> has stopped; null when it has not.</summary>
    public string? Key => _at?.Key;

    /// <summary>Something else was run, or the kernel is gone: the next <em>Run all</em> begins at the first cell.</summary>
    public void Clear() => _next = _at = null;

    /// <summary>A text was edited: the next <em>Run all</em> begins at the first cell; one that runs goes on.</summary>
    public void Edited() => _at = null;

    /// <summary>A cell has failed, so the queue is emptied before the question is reached.</summary>
    public void Failed() => _next = null;

    /// <summary>The cells that <em>Run all</em> runs now: up to the next stop, from the last one on if there was one.</summary>
    /// <param name="code">The cells of code, in order.</param>
    public IReadOnlyList<int> Take(IEnumerable<int> code)
    {
        var from = _at;
        Clear();
        var cells = code.SkipWhile(c => from is not null && c != from.First).ToArray();
        foreach (var cell in cells)
        {
            _next = page.Questions.FirstOrDefault(q => q.First == cell && q != from && !questions.IsAnswered(q));
            if (_next is not null)
                return [.. cells.TakeWhile(c => c != cell)];
        }

        return cells;
    }

    /// <summary>No cell waits any more.</summary>
    public void Drained()
    {
        if (_next is not { } question)
            return;
        (_at, _next) = (question, null);
        send(new { type = "paused", question = question.Key, cell = question.First });
    }
}
