// The editor: one for the page, in the cell that has the focus. The others are coloured text.
import { rawStrings } from './grammar.js';

const OPTIONS = {
  minimap: { enabled: false }, scrollBeyondLastLine: false, lineNumbers: 'off', glyphMargin: false, folding: false, fontSize: 14, lineHeight: 21,
  padding: { top: 8, bottom: 8 }, lineDecorationsWidth: 12, renderLineHighlight: 'none', overviewRulerLanes: 0, automaticLayout: true,
  scrollbar: { alwaysConsumeMouseWheel: false, vertical: 'hidden' }, wordBasedSuggestions: false, fixedOverflowWidgets: true, contextmenu: false,
  ariaLabel: 'Code. Escape leaves the editor, Shift+Enter runs the cell.', tabSize: 4,
};
const MOST = 1_000_000; // characters of one cell: the server takes no longer messages
const range = s => ({ startLineNumber: s.start.line + 1, startColumn: s.start.character + 1, endLineNumber: s.end.line + 1, endColumn: s.end.character + 1 });
const at = (model, p) => ({ code: model.getValue(), linePosition: { line: p.lineNumber - 1, character: p.column - 1 } });
const wait = ms => new Promise(r => setTimeout(r, ms));

export class Editor {
  constructor(page) { this.page = page; this.pending = new Map(); } // cell → text that the server does not have yet

  // Loaded when the page is drawn: nobody waits for it.
  load() {
    return this.loading ??= new Promise(done => {
      require.config({ paths: { vs: '/vs' } });
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
    cell.model ??= monaco.editor.createModel(cell.data.source, 'csharp');
    this.box ??= Object.assign(document.createElement('div'), { className: 'editor' });
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

  leave() {
    if (!this.cell) return;
    this.flush();
    const cell = this.cell;
    this.cell = null;
    this.box.hidden = true;
    if (cell.source.textContent !== cell.data.source) cell.source.textContent = cell.data.source; // its colours come from the server
    cell.source.hidden = false;
  }

  // What was typed goes to the server a moment after the last key; without a connection, when it is back. False when it cannot go.
  flush() {
    clearTimeout(this.timer);
    if (this.pending.size && !this.page.connected()) return false;
    for (const [cell, source] of this.pending) {
      if (source.length > MOST) { this.page.notice(`This cell is too long: ${MOST.toLocaleString('en')} characters are the most. What it was before is kept.`); return false; }
      this.pending.delete(cell);
      this.page.send({ do: 'edit', cell: cell.data.index, source });
    }
    return true;
  }

  // The server has a text of a cell: from here, from another tab, or the original one.
  changed(cell, source, coloured) {
    if (this.pending.has(cell)) return; // newer text is on its way
    cell.data.source = source;
    cell.source.innerHTML = coloured;
    if (cell.model && cell.model.getValue() !== source) cell.model.setValue(source);
  }

  #create(model) {
    this.editor = monaco.editor.create(this.box, { ...OPTIONS, model });
    this.editor.onDidContentSizeChange(() => this.#fit());
    this.editor.addCommand(monaco.KeyMod.Shift | monaco.KeyCode.Enter, () => this.page.run([this.cell.data.index]));
    this.editor.addCommand(monaco.KeyCode.Escape, () => { const cell = this.cell; this.leave(); cell.source.focus(); },
      '!suggestWidgetVisible && !parameterHintsVisible && !findWidgetVisible && !editorHoverVisible');
    this.editor.onDidChangeModelContent(() => {
      const cell = this.cell, source = this.editor.getValue();
      if (!cell || source === cell.data.source) return;
      cell.data.source = source;
      clearTimeout(this.timer);
      this.pending.set(cell, source);
      this.timer = setTimeout(() => this.flush(), 400);
      this.#diagnose();
    });
  }

  #fit() {
    this.box.style.height = `${Math.min(this.editor.getContentHeight(), 8000)}px`; // a longer text scrolls: all of its lines at once would take the page minutes
    this.editor.layout();
  }

  #diagnose() {
    clearTimeout(this.diagnosing);
    this.diagnosing = setTimeout(async () => {
      const model = this.editor.getModel(), version = model.getVersionId();
      const answer = await this.page.ask('RequestDiagnostics', { code: model.getValue() });
      if (model.isDisposed() || model.getVersionId() !== version) return;
      if (!answer) { if (!this.page.isBusy()) this.#diagnose(); return; } // it was busy with a completion
      const marks = answer.diagnostics.filter(d => d.severity !== 'hidden').map(d => (
        { ...range(d.linePositionSpan), message: `${d.message} (${d.code})`, severity: d.severity === 'error' ? 8 : d.severity === 'warning' ? 4 : 2 }));
      monaco.editor.setModelMarkers(model, 'csharp', marks);
    }, 700);
  }

  // The first answer takes the kernel long on a busy machine, and the pointer does not ask again by itself.
  async #askTwice(type, command) {
    return await this.page.ask(type, command) ?? (this.page.isBusy() ? null : await this.page.ask(type, command));
  }

  #services() {
    const kinds = monaco.languages.CompletionItemKind, renamed = { ExtensionMethod: 'Method', Local: 'Variable', Parameter: 'Variable', Structure: 'Struct', Namespace: 'Module', Delegate: 'Function' };
    monaco.languages.registerCompletionItemProvider('csharp', {
      triggerCharacters: ['.'],
      provideCompletionItems: async (model, position, _, cancel) => {
        await wait(30); // the next key may already be on its way
        if (cancel.isCancellationRequested) return;
        const answer = await this.page.ask('RequestCompletions', at(model, position)), word = model.getWordUntilPosition(position);
        const replaces = { startLineNumber: position.lineNumber, endLineNumber: position.lineNumber, startColumn: word.startColumn, endColumn: position.column };
        return { incomplete: !!answer?.incomplete, suggestions: (answer?.completions ?? []).map(c => ({
          label: c.displayText, kind: kinds[renamed[c.kind] ?? c.kind] ?? kinds.Text, insertText: c.insertText,
          insertTextRules: c.insertTextFormat === 'snippet' ? 4 : 0, filterText: c.filterText, sortText: c.sortText, range: replaces })) };
      },
    });
    monaco.languages.registerHoverProvider('csharp', {
      provideHover: async (model, position) => {
        const answer = await this.#askTwice('RequestHoverText', at(model, position));
        return answer && { range: answer.linePositionSpan ? range(answer.linePositionSpan) : undefined, contents: answer.content.map(({ value }) => {
          const [head, ...rest] = value.split('\n'); // the first line is code
          return { value: `\`\`\`csharp\n${head.trim()}\n\`\`\`\n${rest.join('\n')}` };
        }) };
      },
    });
    monaco.languages.registerSignatureHelpProvider('csharp', {
      signatureHelpTriggerCharacters: ['(', ','],
      provideSignatureHelp: async (model, position) => {
        const answer = await this.#askTwice('RequestSignatureHelp', at(model, position));
        const text = d => d && { value: d.value };
        return answer && { dispose() { }, value: { activeSignature: answer.activeSignatureIndex, activeParameter: answer.activeParameterIndex,
          signatures: answer.signatures.map(s => ({ label: s.label, documentation: text(s.documentation), parameters: s.parameters.map(p => ({ label: p.label, documentation: text(p.documentation) })) })) } };
      },
    });
  }
}
