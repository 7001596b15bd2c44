// The editor: one for the page, in the cell that has the focus. The others are coloured text.
import { el, root } from './base.js';
import { rawStrings } from './grammar.js';

const OPTIONS = {
  minimap: { enabled: false }, scrollBeyondLastLine: false, lineNumbers: 'off', glyphMargin: false, folding: false,
  fontSize: 14, lineHeight: 21,
  padding: { top: 8, bottom: 8 }, lineDecorationsWidth: 12, renderLineHighlight: 'none', overviewRulerLanes: 0, automaticLayout: true,
  scrollbar: { alwaysConsumeMouseWheel: false, vertical: 'hidden' }, wordBasedSuggestions: false, fixedOverflowWidgets: true,
  contextmenu: false,
  ariaLabel: 'Code. Escape leaves the editor, Shift+Enter runs the cell.', tabSize: 4, unusualLineTerminators: 'off',
  bracketPairColorization: { enabled: false },
};
const MAX_LENGTH = 1_000_000;                            // characters of one cell: the session takes no longer messages
const MAX_COLOURED = 50_000, MAX_COLOURED_LINE = 5_000;  // longer text is shown without colours, and not checked while it is typed
const range = ({ startLine, startCharacter, endLine, endCharacter }) => (
  { startLineNumber: startLine + 1, startColumn: startCharacter + 1, endLineNumber: endLine + 1, endColumn: endCharacter + 1 });
const textOf = model => model.getValue(1); // lines end in \n: on Windows the editor has others
const code = model => textOf(model).toWellFormed(); // as long as the text, and every parser reads it
const at = (model, p) => ({ code: code(model), line: p.lineNumber - 1, character: p.column - 1 });
const wait = ms => new Promise(r => setTimeout(r, ms));
const isLong = text => text.length > MAX_COLOURED || text.split('\n').some(line => line.length > MAX_COLOURED_LINE);

// Code as nodes with the classes that lesson text has. Until the editor is loaded, and where it is long, it has no colours.
const CLASSES = { keyword: 'k', string: 's', number: 'n', comment: 'c' };
export function colours(text) {
  if (isLong(text)) return inPieces(text);
  if (!document.body.dataset.editor) return [text];
  const tokens = monaco.editor.tokenize(text, 'csharp');
  return text.split(/(\r\n|\r|\n)/).flatMap((line, i) => i % 2 ? [line] : (tokens[i / 2] ?? []).map(({ offset, type }, n, all) => {
    const word = line.slice(offset, all[n + 1]?.offset), css = CLASSES[type.split('.')[0]];
    return css ? el('span', css, word) : word;
  }));
}

// Pieces of 100 lines, of which the browser lays out only those that are seen.
function inPieces(text) {
  const lines = text.split(/(?<=\n)/), pieces = [];
  for (let i = 0; i < lines.length; i += 100) {
    const piece = el('span', 'piece', lines.slice(i, i + 100).join(''));
    piece.style.containIntrinsicHeight = `auto ${Math.min(100, lines.length - i)}lh`;
    pieces.push(piece);
  }
  return pieces;
}

export class Editor {
  constructor(page, typed) { Object.assign(this, { page, typed }); }

  // Loaded after the page is drawn, so that drawing does not wait for it.
  load() {
    return this.loading ??= new Promise(done => {
      require.config({ paths: { vs: new URL('vs', root).href } });
      require(['vs/editor/editor.main'], async () => {
        const dark = matchMedia('(prefers-color-scheme: dark)'), theme = () => monaco.editor.setTheme(dark.matches ? 'vs-dark' : 'vs');
        dark.addEventListener('change', theme);
        theme();
        await rawStrings(monaco); // before the first model: else the editor's own grammar comes later and wins
        this.#services();
        document.body.dataset.editor = '1';
        done();
      });
    });
  }

  async edit(cell, click) {
    await this.load();
    if (this.cell === cell) return;
    this.leave();
    this.cell = cell;
    this.#model(cell);
    this.box ??= el('div', 'editor');
    cell.source.after(this.box);
    const { fontSize, whiteSpace } = getComputedStyle(cell.source);
    cell.source.hidden = true;
    this.box.hidden = false;
    if (this.editor) this.editor.setModel(cell.model); else this.#create(cell.model);
    this.editor.updateOptions({ fontSize: parseFloat(fontSize), lineHeight: 0, wordWrap: whiteSpace === 'pre' ? 'off' : 'on' });
    this.#fit();
    const position = click && this.editor.getTargetAtClientPoint(click.clientX, click.clientY)?.position;
    if (position) this.editor.setPosition(position);
    this.editor.focus();
  }

  // The editor's tree of brackets calls itself for each open bracket: ten thousand of them overflow the stack, and what was typed is
  // lost with the exception. Without the tree it finds matching brackets by searching. There is no option for this.
  #model(cell) {
    if (cell.model) return;
    cell.model = monaco.editor.createModel('', 'csharp');
    if (cell.model.bracketPairs) Object.defineProperty(cell.model.bracketPairs, 'canBuildAST', { value: false });
    this.show(cell);
  }

  leave() {
    if (!this.cell) return;
    this.flush();
    const cell = this.cell;
    this.cell = null;
    this.box.hidden = true;
    cell.paint();
    cell.source.hidden = false;
  }

  // What was typed goes to the session a moment after the last key; without a connection, when it is back. Returns false when a
  // text cannot go.
  flush() {
    clearTimeout(this.timer);
    this.typed.keep();
    if (!this.page.connected()) return !this.typed.texts.size;
    let all = true;
    for (const [cell, record] of this.typed.texts) {
      if (record.sent === record.text) continue;
      if (record.text.length > MAX_LENGTH) {
        this.page.notice(`This cell is too long: ${MAX_LENGTH.toLocaleString('en')} characters are the most. What it was before is kept.`);
        all = false;
        continue;
      }
      record.sent = record.text;
      this.page.send({ do: 'edit', cell: cell.lesson.index, source: record.text });
    }
    return all;
  }

  // The session has a text of a cell: from here, from another page, or the original one.
  changed(cell, text) {
    cell.known = text;
    if (!this.typed.settle(cell, text)) return; // newer text is on its way
    cell.setText(text);
    this.show(cell);
  }

  // The connection is there again: what the session does not have goes to it. `keep` asks it to keep what somebody else has
  // written in the cell meanwhile.
  handOver() {
    for (const [cell, record] of this.typed.texts) {
      const foreign = ![record.known, record.sent, record.text].includes(cell.known);
      Object.assign(record, { known: cell.known, sent: record.text });
      if (record.text.length > MAX_LENGTH) continue;
      this.page.send({ do: 'edit', cell: cell.lesson.index, source: record.text, ...foreign && { keep: true } });
    }
    this.typed.keep();
  }

  // Puts the text of a cell into its model. That is not typed.
  show(cell) {
    if (!cell.model || textOf(cell.model) === cell.text) return;
    this.setting = true;
    cell.model.setValue(cell.text);
    this.setting = false;
  }

  // The cell is not on the page any more.
  drop(cell) {
    if (this.cell === cell) { this.cell = null; this.box.remove(); this.editor.setModel(null); }
    cell.model?.dispose();
  }

  #create(model) {
    this.editor = monaco.editor.create(this.box, { ...OPTIONS, model });
    this.editor.onDidContentSizeChange(() => this.#fit());
    this.editor.addCommand(monaco.KeyMod.Shift | monaco.KeyCode.Enter, () => this.page.run([this.cell.lesson.index]));
    this.editor.addCommand(monaco.KeyCode.Escape, () => { const cell = this.cell; this.leave(); cell.source.focus(); },
      '!suggestWidgetVisible && !parameterHintsVisible && !findWidgetVisible && !editorHoverVisible');
    this.editor.onDidChangeModelContent(() => {
      if (!this.cell || this.setting) return;
      this.cell.text = textOf(this.editor.getModel());
      this.typed.put(this.cell, this.cell.text);
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.flush(), 400);
      this.#diagnose();
    });
  }

  #fit() {
    // A longer text scrolls: all of its lines at once would take minutes.
    this.box.style.height = `${Math.min(this.editor.getContentHeight(), 8000)}px`;
    this.editor.layout();
  }

  #diagnose() {
    clearTimeout(this.diagnosing);
    this.diagnosing = setTimeout(async () => {
      const model = this.editor.getModel(), version = model?.getVersionId();
      if (!model || isLong(textOf(model))) return;
      const answer = await this.page.ask('diagnostics', { code: code(model) });
      if (model.isDisposed() || model.getVersionId() !== version) return;
      if (!answer) { if (!this.page.isBusy()) this.#diagnose(); return; } // it was busy with a completion
      const severity = { error: 8, warning: 4, info: 2 };
      monaco.editor.setModelMarkers(model, 'csharp', answer.items.map(d => (
        { ...range(d.range), message: `${d.message} (${d.code})`, severity: severity[d.severity] ?? 2 })));
    }, 700);
  }

  // The first answer takes the kernel long on a busy machine, and the pointer does not ask again by itself.
  async #askTwice(what, fields) {
    return await this.page.ask(what, fields) ?? (this.page.isBusy() ? null : await this.page.ask(what, fields));
  }

  #services() {
    const { languages } = monaco, kinds = languages.CompletionItemKind, markdown = text => text ? { value: text } : undefined;
    languages.registerCompletionItemProvider('csharp', {
      triggerCharacters: ['.'],
      provideCompletionItems: async (model, position, _, cancel) => {
        await wait(30); // the next key may already be on its way
        if (cancel.isCancellationRequested) return;
        const answer = await this.#askTwice('completions', at(model, position));
        const word = model.getWordUntilPosition(position), line = position.lineNumber;
        const replaces = { startLineNumber: line, endLineNumber: line, startColumn: word.startColumn, endColumn: position.column };
        return { incomplete: !!answer?.incomplete, suggestions: (answer?.items ?? []).map(({ kind, snippet, documentation, ...item }) => ({
          ...item, kind: kinds[kind] ?? kinds.Text, insertTextRules: snippet ? 4 : 0, documentation: markdown(documentation),
          range: replaces })) };
      },
    });
    languages.registerHoverProvider('csharp', {
      provideHover: async (model, position) => {
        const answer = await this.#askTwice('hover', at(model, position));
        return answer && { range: answer.range ? range(answer.range) : undefined, contents: answer.markdown.map(markdown) };
      },
    });
    languages.registerSignatureHelpProvider('csharp', {
      signatureHelpTriggerCharacters: ['(', ','],
      provideSignatureHelp: async (model, position) => {
        const answer = await this.#askTwice('signature', at(model, position));
        const described = ({ documentation, ...rest }) => ({ ...rest, documentation: markdown(documentation) });
        return answer && { dispose() { }, value: { activeSignature: answer.activeSignature, activeParameter: answer.activeParameter,
          signatures: answer.signatures.map(s => ({ ...described(s), parameters: s.parameters.map(described) })) } };
      },
    });
  }
}
