using System;
using System.Collections.Generic;
using System.Linq;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace TracingTutorial.Course.Lessons;

/// <summary>Texts that belong together, or one cell of code.</summary>
/// <param name="Cell">The cell of code, or the cell that the text is from.</param>
/// <param name="Pieces">The text; empty for code.</param>
/// <param name="Said">True for text about a result, which is shown after it.</param>
internal sealed record PartItem(Cell Cell, IReadOnlyList<Piece> Pieces, bool Said = false);

/// <summary>What the presenter's view shows at one time: a text, the code below it, and what is said about the results.</summary>
/// <param name="Items">In their order.</param>
/// <param name="Notes">The instructor's notes of these texts, as Markdown.</param>
internal sealed record Part(IReadOnlyList<PartItem> Items, IReadOnlyList<string> Notes)
{
    /// <summary>How long it takes in front of a room, not rounded.</summary>
    public double Minutes =>
        Items.Sum(item => item.Pieces.Count == 0
            ? Lessons.Minutes.Of(item.Cell)
            : Lessons.Minutes.Of(item.Cell.Text, item.Pieces) + Lessons.Minutes.OfVotes(item.Pieces));
}

/// <summary>A heading of level two: an entry of the list on the left.</summary>
/// <param name="Id">Unique in the lesson.</param>
/// <param name="Text">Without marks.</param>
/// <param name="Exercise">The number of the exercise that it announces, or null.</param>
internal sealed record LessonHeading(string Id, string Text, string? Exercise);

/// <summary>A question: a list in which each item begins with a bold letter, <c>**A.**</c>.</summary>
/// <param name="List">The answers.</param>
/// <param name="Asks">The block above them: the question itself. Null when they are the first ones.</param>
/// <param name="Right">The right letter; null when the lesson does not say it.</param>
/// <param name="Fold">A quiz: the fold right below, which says the answer. Null for a Predict.</param>
/// <param name="Closes">A Predict: the paragraph that says the answer, with which a later text begins; null if there is none.</param>
/// <param name="Cells">A Predict: the cells of code between it and its answer.</param>
internal sealed record Question(ListBlock List, Block? Asks, string? Right, Fold? Fold, ParagraphBlock? Closes, IReadOnlyList<Cell> Cells)
{
    /// <summary>Its text with its answers: so it is known again in another version of the lesson.</summary>
    public string Key => Words($"{(Asks is null ? "" : MarkdownText.Plain(Asks))}\n{MarkdownText.Plain(List)}");

    /// <summary>The question, without the word that announces it.</summary>
    public string Text => Asks is null ? "The question"
        : Words(MarkdownText.Plain(Asks)) is var text && text.StartsWith("Predict. ", StringComparison.Ordinal)
            ? text["Predict. ".Length..] : text;

    /// <summary>One for each answer, from A.</summary>
    public IReadOnlyList<string> Letters => [.. List.Select((_, i) => Letter(i))];

    /// <summary>True for a quiz, which has its answer in a fold right below; false for a Predict, which has it behind a cell.</summary>
    public bool IsQuiz => Fold is not null;

    /// <summary>True for a list of two to five answers with letters.</summary>
    public static bool Is(Block block) => block is ListBlock { Count: >= 2 and <= 5 } list
        && list.Select((item, i) => LetterOf(((ListItemBlock)item).FirstOrDefault()) == Letter(i)).All(same => same);

    /// <summary>The letter with which a paragraph begins, in bold and with a full stop; null for another block.</summary>
    public static string? LetterOf(Block? block) =>
        block is ParagraphBlock { Inline.FirstChild: EmphasisInline { DelimiterCount: 2, FirstChild: LiteralInline literal } }
        && literal.Content.ToString() is [>= 'A' and <= 'E' and var letter, '.', ..] ? letter.ToString() : null;

    private static string Letter(int index) => ((char)('A' + index)).ToString();

    private static string Words(string text) => string.Join(' ', text.Split((char[])[], StringSplitOptions.RemoveEmptyEntries));
}

/// <summary>The solution of an exercise. It replaces the whole cell.</summary>
/// <param name="Cell">The cell of the exercise.</param>
/// <param name="Fold">The fold <c>Solution</c> below it.</param>
internal sealed record Solution(Cell Cell, Fold Fold)
{
    /// <summary>The code.</summary>
    public string Source => Fold.Solution!;
}

/// <summary>
/// A notebook as its reader sees it: the parts, questions, folds, headings and notes of its texts, and what belongs together.
/// </summary>
internal sealed class Lesson
{
    private readonly Dictionary<string, Solution> _solutions = [];

    public Lesson(Notebook notebook)
    {
        Notebook = notebook;
        Title = Texts.SelectMany(t => t.Headings).FirstOrDefault()?.Text ?? System.IO.Path.GetFileName(notebook.Path);
        Goals = notebook.Cells is [{ Kind: CellKind.Markdown } first, ..]
            ? first.Text.Pieces.FirstOrDefault(p => p.Block is ListBlock)
            : null;
        Ids = Anchors.Of(Texts);
        var exercises = notebook.Code.Select(c => c.Exercise).OfType<string>().ToHashSet();
        Headings = [.. Texts.SelectMany(t => t.Headings).Where(h => h.Block.Level == 2)
            .Select(h => new LessonHeading(
                Ids[h.Block], h.Text, h.Text.Split((char[])[' ', ':', ',']).FirstOrDefault(exercises.Contains)))];
        Questions = [.. FindQuestions()];
        Parts = FindParts();
        FindSolutions();
    }

    /// <summary>The file: its cells and their lines.</summary>
    public Notebook Notebook { get; }

    /// <summary>The first heading, otherwise the file name.</summary>
    public string Title { get; }

    /// <summary>What a learner will be able to do: the first list of the first cell; null if there is none.</summary>
    public Piece? Goals { get; }

    /// <summary>The headings of level two.</summary>
    public IReadOnlyList<LessonHeading> Headings { get; }

    /// <summary>The ids of all headings.</summary>
    public IReadOnlyDictionary<HeadingBlock, string> Ids { get; }

    /// <summary>In their order.</summary>
    public IReadOnlyList<Question> Questions { get; }

    /// <summary>In their order.</summary>
    public IReadOnlyList<Part> Parts { get; }

    /// <summary>By the number of the exercise.</summary>
    public IReadOnlyDictionary<string, Solution> Solutions => _solutions;

    private IEnumerable<MarkdownText> Texts => Notebook.Cells.Where(c => c.Kind == CellKind.Markdown).Select(c => c.Text);

    private IEnumerable<Question> FindQuestions()
    {
        var cells = Notebook.Cells;
        for (var i = 0; i < cells.Count; i++)
        {
            var pieces = cells[i].Kind == CellKind.Markdown ? cells[i].Text.Pieces : [];
            for (var at = 0; at < pieces.Count; at++)
            {
                if (!Question.Is(pieces[at].Block))
                    continue;
                var (list, asks) = ((ListBlock)pieces[at].Block, at > 0 ? pieces[at - 1].Block : null);
                if (pieces.ElementAtOrDefault(at + 1) is Fold fold && Question.LetterOf(fold.Pieces.FirstOrDefault()?.Block) is { } letter)
                {
                    yield return new Question(list, asks, letter, fold, null, []);
                    continue;
                }

                var later = cells.Skip(i + 1).TakeWhile(c => ClosingOf(c) is null).ToArray();
                var closing = i + 1 + later.Length < cells.Count ? ClosingOf(cells[i + 1 + later.Length]) : null;
                yield return new Question(list, asks, Question.LetterOf(closing), null, closing,
                    closing is null ? [] : [.. later.Where(c => c.Kind == CellKind.CSharp)]);
            }
        }
    }

    /// <summary>The paragraph with which a text says the answer of a Predict.</summary>
    private static ParagraphBlock? ClosingOf(Cell cell) => cell.Kind == CellKind.Markdown
        && cell.Text.Pieces.FirstOrDefault()?.Block is ParagraphBlock first && Question.LetterOf(first) is not null ? first : null;

    /// <summary>
    /// A text begins a part, but for its beginning: folds there belong to the cell above, and so does what is said about its
    /// result, which is all up to a heading, or the whole of a text that no code follows, otherwise the answer of a Predict.
    /// In a text, each section and each question of a quiz begins a part. A Predict is in one part with its first cell, also when there
    /// is a text between them. Notes belong to the part with the text above them.
    /// </summary>
    private List<Part> FindParts()
    {
        var parts = new List<(List<PartItem> Items, List<string> Notes)>();
        for (var i = 0; i < Notebook.Cells.Count; i++)
        {
            var cell = Notebook.Cells[i];
            if (cell.Kind == CellKind.CSharp)
            {
                if (parts.Count == 0)
                    parts.Add(([], []));
                parts[^1].Items.Add(new PartItem(cell, []));
                continue;
            }

            var rest = cell.Text.Pieces;
            if (parts.Count > 0)
            {
                Move(rest.TakeWhile(p => p is Fold).Count(), said: false);
                if (parts[^1].Items.Any(item => item.Pieces.Count == 0))
                    Move(AboutResult([.. rest], Notebook.Cells.ElementAtOrDefault(i + 1)?.Kind == CellKind.CSharp), said: true);
            }

            foreach (var pieces in Screens([.. rest]))
            {
                if (parts.Count > 0 && pieces[0].Block is not HeadingBlock && HasOpenPredict(parts[^1].Items))
                    parts[^1].Items.Add(new PartItem(cell, pieces));
                else
                    parts.Add(([new PartItem(cell, pieces)], []));
            }

            if (parts.Count == 0)
                parts.Add(([], []));
            foreach (var note in cell.Text.Notes)
            {
                var above = cell.Text.Pieces.LastOrDefault(p => p.Block.Span.Start < note.Start) ?? cell.Text.Pieces.FirstOrDefault();
                var part = parts.FindLastIndex(p => above is not null && p.Items.Any(item => item.Pieces.Contains(above)));
                parts[part < 0 ? ^1 : part].Notes.Add(note.Text);
            }

            void Move(int count, bool said)
            {
                if (count > 0)
                    parts[^1].Items.Add(new PartItem(cell, [.. rest.Take(count)], said));
                rest = [.. rest.Skip(count)];
            }
        }

        return [.. parts.Where(p => p.Items.Count > 0).Select(p => new Part(p.Items, p.Notes))];
    }

    private static bool HasOpenPredict(List<PartItem> items) => items.All(item => item.Pieces.Count > 0)
        && items.Any(item => Lessons.Minutes.OfVotes(item.Pieces) > 0);

    private static IEnumerable<IReadOnlyList<Piece>> Screens(Piece[] pieces)
    {
        var start = 0;
        for (var i = 1; i < pieces.Length; i++)
        {
            var isSection = pieces[i].Block is HeadingBlock { Level: 2 };
            var isAnswered = pieces[i - 1] is Fold && i > 1 && Question.Is(pieces[i - 2].Block);
            if (!isSection && !(isAnswered && pieces[i..].TakeWhile(p => p.Block is not HeadingBlock).Any(p => Question.Is(p.Block))))
                continue;
            yield return pieces[start..i];
            start = i;
        }

        if (start < pieces.Length)
            yield return pieces[start..];
    }

    private static int AboutResult(Piece[] pieces, bool codeFollows)
    {
        var heading = Array.FindIndex(pieces, p => p.Block is HeadingBlock);
        var question = Array.FindIndex(pieces, p => Question.Is(p.Block));
        return heading >= 0 && (question < 0 || heading < question) ? heading
            : question < 0 && !codeFollows ? pieces.Length
            : Question.LetterOf(pieces.FirstOrDefault()?.Block) is not null ? 1 : 0;
    }

    private void FindSolutions()
    {
        Cell? exercise = null;
        foreach (var cell in Notebook.Cells)
        {
            if (cell.Kind == CellKind.CSharp)
                exercise = cell.Exercise is null ? null : cell;
            else if (exercise?.Exercise is { } number
                && cell.Text.Pieces.OfType<Fold>().FirstOrDefault(f => f.Solution is not null) is { } fold)
                _solutions.TryAdd(number, new Solution(exercise, fold));
        }
    }
}
