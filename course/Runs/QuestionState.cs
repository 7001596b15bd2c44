using System;
using System.Collections.Generic;
using System.Linq;
using TracingTutorial.Course.Pages;

namespace TracingTutorial.Course.Runs;

/// <summary>
/// What was chosen and revealed at the questions of an open lesson. In the presenter's view that is a state of its own, which is not
/// kept, so that rehearsing a lesson and teaching it do not touch each other or what a learner did.
/// </summary>
/// <param name="questions">The questions of the lesson.</param>
/// <param name="learner">Has what is kept.</param>
/// <param name="keep">Called when what is kept has changed.</param>
/// <param name="send">Takes a message for all pages.</param>
internal sealed class QuestionState(
    IReadOnlyList<LessonPage.PageQuestion> questions, LearnerState learner, Action keep, Action<object> send)
{
    private (Dictionary<string, string> Choices, HashSet<string> Closed)? _presenting;

    /// <summary>The message <c>presenting</c>; null while the lesson is not presented.</summary>
    public object? PresentingMessage =>
        _presenting is var (choices, closed) ? new { type = "presenting", on = true, choices, closed } : null;

    /// <summary>True if a letter was chosen, or the right one was revealed.</summary>
    public bool IsAnswered(LessonPage.PageQuestion question) => _presenting is var (choices, closed)
        ? choices.ContainsKey(question.Key) || closed.Contains(question.Key)
        : learner.ChoiceOf(question.Key) is { } choice && (choice.Closed || choice.Letter is not null);

    /// <summary>A letter is chosen. A closed question keeps the one that it has.</summary>
    public void Choose(string key, string letter)
    {
        if (questions.FirstOrDefault(q => q.Key == key) is not { } question || !question.Letters.Contains(letter) || IsClosed(question))
            return;
        if (_presenting is var (choices, _))
        {
            choices[key] = letter; // a room may go on voting, so a quiz stays open there
            send(PresentingMessage!);
            return;
        }

        learner.Choose(key, letter, closed: false);
        keep();
        send(new { type = "chosen", question = key, letter });
        if (question.Quiz)
            Close([question]);
    }

    /// <summary>The right letter is revealed.</summary>
    public void Reveal(string key) => Close(questions.Where(q => q.Key == key));

    /// <summary>A cell has run: predictions about it are answered.</summary>
    public void Ran(int cell) => Close(questions.Where(q => q.Cells.Contains(cell)));

    /// <summary>The presenter's view is opened, with no answers; or it is left.</summary>
    public void Present(bool on)
    {
        _presenting = on ? ([], []) : null;
        send(PresentingMessage ?? new { type = "presenting", on = false, choices = new { }, closed = Array.Empty<string>() });
    }

    private bool IsClosed(LessonPage.PageQuestion question) =>
        _presenting is var (_, closed) ? closed.Contains(question.Key) : learner.ChoiceOf(question.Key)?.Closed == true;

    private void Close(IEnumerable<LessonPage.PageQuestion> those)
    {
        foreach (var question in those.Where(q => !IsClosed(q)).ToArray())
        {
            if (_presenting is var (_, closed))
            {
                closed.Add(question.Key);
                send(PresentingMessage!);
                continue;
            }

            learner.Choose(question.Key, learner.ChoiceOf(question.Key)?.Letter, closed: true);
            keep();
            send(new { type = "closed", question = question.Key });
        }
    }
}
