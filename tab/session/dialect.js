// The one rule of the dialect that holds for a learner's own text (course/Lessons/Dialect.cs): what the compiler says about a
// `using var` at the top level of a cell names neither the cause nor the way out.

// A comment or a text; a name; any other sign. In a raw text the closing quotes are as many as the opening ones.
const TOKEN = new RegExp([
  /\/\/.*|\/\*[^]*?(?:\*\/|$)/,
  /\$*("{3,})[^]*?(?:\1|$)/, /(?:\$?@|@\$)"(?:[^"]|"")*"?/, /\$?"(?:\\.|[^"\\\n])*"?/, /'(?:\\.|[^'\\\n])+'/,
  /@?[\p{L}_][\p{L}\p{N}_]*/u, /\S/,
].map(part => part.source).join('|'), 'gu');

export function checkEdit(cell) {
  const tokens = [...cell.source.replace(/^\s*#r\b.*$/gm, line => ' '.repeat(line.length)).matchAll(TOKEN)]
    .filter(t => !/^\/[/*]/.test(t[0]));
  const isName = token => /^@?[\p{L}_]/u.test(token?.[0] ?? '') && !/^[@$]+"/.test(token[0]);
  const problems = [];
  let depth = 0;
  tokens.forEach((token, i) => {
    if (token[0] === '{') depth++;
    if (token[0] === '}') depth--;
    if (depth !== 0 || token[0] !== 'using' || !isName(tokens[i + 1])) return;
    // A directive is one name up to `;` or `=`; a declaration has a type and then a name.
    let next = i + 2;
    while (tokens[next]?.[0] === '.') next += 2;
    if (isName(tokens[next]) && !/^(static|unsafe)$/.test(tokens[i + 1][0])) {
      problems.push({
        file: cell.file, line: cell.line + cell.source.slice(0, token.index).split('\n').length - 1,
        message: '`using var` cannot be at the top level of a cell: no script host compiles it.',
        wayOut: 'Write `using (…) { … }`, or put the code in a method.',
      });
    }
  });
  return problems;
}
