// The editor's own grammar of C# is older than raw strings and `record`: both are put in front of it.
export async function rawStrings(monaco) {
  const csharp = monaco.languages.getLanguages().find(l => l.id === 'csharp');
  const { language, conf } = await csharp.loader();
  const quotes = /"{3,}/;
  monaco.languages.setMonarchTokensProvider('csharp', {
    ...language,
    keywords: [...language.keywords, 'record', 'init', 'required', 'with', 'not', 'and', 'or', 'scoped'],
    tokenizer: {
      ...language.tokenizer,
      root: [[/\$*("{3,})/, { token: 'string.quote', next: '@raw.$1' }], ...language.tokenizer.root],
      raw: [
        [/[^"]+/, 'string'],
        [quotes, { cases: { '$1==$S2': { token: 'string.quote', next: '@pop' }, '@default': { token: 'string.quote', next: '@pop' } } }],
        [/"/, 'string'],
      ],
    },
  });
  monaco.languages.setLanguageConfiguration('csharp', conf);
}
