// What a cell shows: text of the console, values, HTML, warnings and errors, in the order in which they came.
import { el } from './base.js';
import { drawn } from './console.js';

const CLASSES = { stdout: 'out', stderr: 'err', display: 'text', note: 'late' };
const CONTINUED = ['stdout', 'stderr', 'note']; // comes in pieces, which are one text

export class Outputs {
  constructor(box) { this.box = box; this.clear(); }

  clear() {
    this.box.replaceChildren();
    this.last = null;
    this.byId = new Map();
  }

  add({ kind, text, html = null, id = null }) {
    if (this.last?.kind === kind && CONTINUED.includes(kind)) return this.last.append(text);
    const printed = html === null ? new Text(kind, text) : null, node = printed?.node ?? shadow(html);
    const old = id !== null && this.byId.get(id);
    if (kind === 'error') node.setAttribute('role', 'alert');
    if (old) old.replaceWith(node); else this.box.append(node);
    if (id !== null) this.byId.set(id, node);
    if (!old) this.last = printed;
  }
}

// Only the line that is not complete is drawn again when more text comes: a carriage return can change no other one.
class Text {
  constructor(kind, text) {
    this.kind = kind;
    this.node = el('pre', CLASSES[kind] ?? kind);
    this.end = this.node.appendChild(el('span'));
    this.open = '';
    this.append(text);
  }

  append(text) {
    this.open += text;
    const complete = this.open.lastIndexOf('\n') + 1;
    if (complete) {
      const { lines, style } = drawn(this.open.slice(0, complete), this.style);
      this.end.before(...nodes(lines));
      this.style = style;
      this.open = this.open.slice(complete);
    }
    this.end.replaceChildren(...nodes(drawn(this.open, this.style).lines));
  }
}

function nodes(lines) {
  const all = ['']; // texts without a style are joined
  lines.forEach((line, n) => {
    if (n) add('\n', []);
    for (const { text, classes } of line) add(text, classes);
  });
  return all;

  function add(text, classes) {
    if (classes.length) all.push(el('span', classes.join(' '), text), ''); else all[all.length - 1] += text;
  }
}

// In a box of its own: no style gets out, and the page's policy lets no script of it run. The box is in another one, which its own
// styles cannot reach (`:host`), and nothing in it can open over the page. A long one is parsed in pieces, so that its first rows
// are seen before its last ones are there, and the page answers a key meanwhile.
const PIECE = 100_000;
const rules = await (await fetch(new URL('box.json', import.meta.url))).json(); // the same as of the exported pages
const BASE = `<style>${rules.style}</style>`;
const LONG = 'details{content-visibility:auto;contain-intrinsic-size:auto 1.8em}'; // rows far below the screen are not laid out
function shadow(html) {
  const box = el('div', 'html'), host = el('div'), root = host.attachShadow({ mode: 'open' });
  // Continues where it stopped, so that the pieces of a long output are each looked at once; at the end all of it again, because
  // a parser moves what is in a wrong place to the front.
  const walk = () => document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT);
  let walker = walk();
  const close = () => {
    while (walker.nextNode()) {
      const node = walker.currentNode;
      if (rules.elements.includes(node.localName)) {
        walker.previousNode(); // the base style is always before it
        node.remove();
      } else for (const name of rules.attributes) node.removeAttribute(name);
    }
  };
  box.append(host);
  if (html.length <= PIECE) { root.innerHTML = BASE + html; close(); return box; }
  const parser = document.implementation.createHTMLDocument();
  parser.write(`${BASE}<style>${LONG}</style><div>`);
  root.append(...parser.querySelectorAll('style'), parser.querySelector('div'));
  let at = 0;
  const more = () => {
    parser.write(html.slice(at, at += PIECE));
    close();
    if (at < html.length) setTimeout(more); else { parser.close(); walker = walk(); close(); box.dataset.whole = '1'; }
  };
  more();
  return box;
}
