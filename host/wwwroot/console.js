// Text of a console as a terminal leaves it. Its rules are those of course/Runs/ConsoleText.cs (tests/Tests/conformance/console-text.json).
// A carriage return goes to the start of the line, a backspace one place back, and what is written there replaces what was there.
// Colours and styles are kept, other sequences are left out, and other control characters, what changes the writing direction,
// and half signs are replaced.

// CSI; OSC and the other strings, which end with their line at the latest; short sequences. One that has not ended is left out.
const SEQUENCE = /\x1b(?:\[[0-?]*[ -/]*[@-~]?|[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)?|[ -/]*[0-~]?)/y;
const STYLES = { 1: 'bold', 2: 'dim', 3: 'italic', 4: 'underline', 7: 'inverse', 9: 'strike' };
const ENDS = { 22: ['bold', 'dim'], 23: ['italic'], 24: ['underline'], 27: ['inverse'], 29: ['strike'] };
const NAMES = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];
const name = n => (n >= 8 ? 'bright-' : '') + NAMES[n % 8];

// Returns the lines, each a list of texts with their classes, and the style at the end, with which the next text begins.
export function drawn(text, style = {}) {
  if (!/[^\P{C}\n\t]/u.test(text)) { // most text has nothing but lines
    const classes = classesOf(style).split(' ').filter(Boolean);
    return { lines: text.split('\n').map(t => t ? [{ text: t, classes }] : []), style };
  }
  let line = [], at = 0, classes = classesOf(style); // of each place of a line: its sign and its classes
  const lines = [line];
  for (let i = 0; i < text.length;) {
    const c = text[i];
    if (c === '\x1b') {
      SEQUENCE.lastIndex = i;
      const sequence = SEQUENCE.exec(text)[0], [, codes, kind] = /^\x1b\[([\d;:]*)([mKGCD])$/.exec(sequence) ?? [];
      i += sequence.length;
      if (kind === 'm') classes = classesOf(style = styled(style, codes));
      if (kind === 'K') erase(+codes);
      if (/[GCD]/.test(kind)) at = placed(kind, Math.max(1, parseInt(codes) || 1));
      continue;
    }
    const sign = String.fromCodePoint(text.codePointAt(i));
    i += sign.length;
    if (c === '\n') { lines.push(line = []); at = 0; }
    else if (c === '\r') at = 0;
    else if (c === '\b') at = Math.max(0, at - 1);
    else {
      while (line.length < at) line.push({ sign: ' ', classes: '' });
      line[at++] = { sign: sign !== '\t' && /[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/u.test(sign) ? '\ufffd' : sign, classes };
    }
  }
  return { lines: lines.map(joined), style };

  // To a column, or so many columns to the right or to the left.
  function placed(kind, n) {
    return Math.min(Math.max(kind === 'G' ? n - 1 : kind === 'C' ? at + n : at - n, 0), 999);
  }

  // 0: from here to the end of the line, 1: from its start to here, 2: all of it.
  function erase(what) {
    if (what !== 0) for (let i = 0; i <= at && i < line.length; i++) line[i] = { sign: ' ', classes: '' };
    if (what !== 1) line.length = Math.min(line.length, what === 2 ? 0 : at);
  }
}

function joined(line) {
  const texts = [];
  for (const { sign, classes } of line) {
    if (texts.at(-1)?.classes === classes) texts.at(-1).text += sign; else texts.push({ text: sign, classes });
  }
  return texts.map(({ text, classes }) => ({ text, classes: classes ? classes.split(' ') : [] }));
}

const classesOf = style => [...Object.values(STYLES).filter(s => style[s]), style.colour, style.background && `on-${style.background}`]
  .filter(Boolean).map(s => `ansi-${s}`).join(' ');

function styled(before, parameters) {
  let style = { ...before };
  const codes = parameters.split(/[;:]/).map(Number);
  for (let i = 0; i < codes.length; i++) {
    const n = codes[i], tens = Math.floor(n / 10), background = [4, 10].includes(tens), place = background ? 'background' : 'colour';
    if (n === 0) style = {};
    else if (STYLES[n]) style[STYLES[n]] = true;
    else if (ENDS[n]) for (const s of ENDS[n]) delete style[s];
    else if (n === 38 || n === 48) { // of 256 colours, those with a name; others are left out
      style[place] = codes[i + 1] === 5 && codes[i + 2] < 16 ? name(codes[i + 2]) : null;
      i += codes[i + 1] === 2 ? 4 : 2;
    } else if ([3, 4, 9, 10].includes(tens)) style[place] = n % 10 < 8 ? name(n % 10 + (tens >= 9 ? 8 : 0)) : null;
  }
  return style;
}
