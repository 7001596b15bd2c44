using System.Globalization;
using System.Linq;
using System.Text;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using TracingTutorial.Course.Lessons;

namespace TracingTutorial.Host.Export;

/// <summary>
/// The answers of a printed lesson. A teacher hands the pages out, so on paper the answers to questions and the solutions of exercises
/// are not beside them: they follow at the end, from a new page on. On a screen nothing changes.
/// </summary>
internal sealed class AnswerPages(Lesson lesson)
{
    private readonly StringBuilder _answers = new();

    /// <summary>What follows the lesson on paper; empty when it asks nothing.</summary>
    public string Html => _answers.Length == 0 ? "" : $"<section class=\"answers\"><h2>Answers</h2>\n{_answers}</section>\n";

    /// <summary>Numbers the questions of a text, and copies its answers.</summary>
    /// <param name="html">A text of the lesson, with the marks of <see cref="Course.Pages.LessonHtml"/>.</param>
    /// <returns>The text with remarks that only paper shows.</returns>
    public string Take(string html)
    {
        var document = new HtmlParser().ParseDocument("");
        var text = document.CreateElement("div");
        text.InnerHtml = html;
        foreach (var element in text.QuerySelectorAll("[data-question], [data-closes], [data-solution]").ToArray())
        {
            if (Number(element, "data-question") is { } question)
            {
                element.PreviousElementSibling?.Prepend(OnPaper(document, "b", $"Question {question + 1}. "));
                if (lesson.Questions[question].IsQuiz && element.NextElementSibling is { } fold)
                    Copy(document, fold, $"Question {question + 1}");
            }
            else if (Number(element, "data-closes") is { } answered)
            {
                Copy(document, element, $"Question {answered + 1}");
            }
            else if (Number(element, "data-solution") is { } cell)
            {
                Copy(document, element, $"Exercise {lesson.Notebook.Cells[cell].Exercise}");
            }
        }

        return text.InnerHtml;
    }

    private static int? Number(IElement element, string attribute) =>
        element.GetAttribute(attribute) is { } number ? int.Parse(number, CultureInfo.InvariantCulture) : null;

    private void Copy(IDocument document, IElement answer, string title)
    {
        var copy = (IElement)answer.Clone();
        copy.QuerySelector("summary")?.Remove();
        foreach (var named in copy.QuerySelectorAll("[id]"))
            named.RemoveAttribute("id"); // an id is unique in its page
        _answers.Append($"<h3>{title}</h3>\n{(copy.Matches("details") ? copy.InnerHtml : copy.OuterHtml)}\n");
        answer.ClassList.Add("answer");
        answer.After(OnPaper(document, "p", $"{title}: see the answers on the last pages."));
    }

    private static IElement OnPaper(IDocument document, string tag, string text)
    {
        var element = document.CreateElement(tag);
        (element.ClassName, element.TextContent) = ("paper", text);
        return element;
    }
}
