// Text that the session does not have yet. It is also kept in the browser, so that neither a reload without a connection nor a
// player that has ended loses it, until the session has acknowledged it with the message `edited` or `state`.
import { store } from './base.js';

export class Typed {
  constructor(lesson) {
    this.prefix = `tracing-tutorial:${lesson}:`;
    this.texts = new Map(); // cell → its record: text, known (what the session had), sent (what was sent last), and where it was written
    this.homeless = [];     // texts of cells that this version of the lesson does not have
  }

  // Assigns the texts of an earlier visit, or of an earlier version of the lesson, to the cells that they were written in.
  restore(cells) {
    this.keep();
    this.texts.clear();
    this.homeless = [];
    const all = [...cells.values()];
    const read = key => { try { return { ...JSON.parse(store.get(key)), key }; } catch { return {}; } };
    for (const r of store.keys(this.prefix).map(read).filter(r => typeof r.text === 'string').sort((a, b) => b.at - a.at)) {
      const cell = all.find(c => r.exercise && c.lesson.exercise === r.exercise)
        ?? [cells.get(r.index), ...all].find(c => c && !c.lesson.exercise && c.lesson.source === r.original);
      if (cell && !this.texts.has(cell)) this.texts.set(cell, r); else this.homeless.push(r.text);
    }
  }

  // Something was typed. `keep` writes it into the browser's store.
  put(cell, text) {
    const { index, exercise, source } = cell.lesson, at = Date.now();
    const record = this.texts.get(cell) ?? { key: `${this.prefix}${at}-${Math.random()}`, known: cell.known, sent: null };
    this.texts.set(cell, Object.assign(record, { text, at, index, exercise, original: source }));
  }

  keep() { for (const record of this.texts.values()) store.set(record.key, JSON.stringify(record)); }

  // The session says what the text of a cell is. Returns true when there is no newer one here.
  settle(cell, text) {
    const record = this.texts.get(cell);
    if (record && record.text !== text) return false;
    if (record) store.remove(record.key);
    this.texts.delete(cell);
    return true;
  }

  forget() {
    this.texts.clear();
    this.homeless = [];
    store.keys(this.prefix).forEach(store.remove);
  }
}
