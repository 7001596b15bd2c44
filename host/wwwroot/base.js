// What several modules need: the root of the site, elements, and a place in the browser for text.

// Every address starts here, so that the page also works below a path such as /a/b/.
export const root = new URL('.', import.meta.url);

// A page of the live site: there is no player. Its session is in the page (tab/session), and its scripts are in a folder of their own.
export const isLive = 'live' in document.documentElement.dataset;
export const home = isLive ? new URL('..', root) : root;
export const addressOf = lesson => new URL(isLive ? `${lesson}.html` : `lesson/${lesson}`, home).href;

export const el = (tag, css, text) => {
  const e = document.createElement(tag);
  if (css) e.className = css;
  if (text !== undefined) e.textContent = text;
  return e;
};

export const button = (css, text, onclick) => Object.assign(el('button', css, text), { type: 'button', onclick });

// Goes to the place that the address names, when the page is drawn after it was loaded.
export function showPlace() {
  try { document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView(); } catch { /* the address is malformed */ }
}

// What is at the top of the window: the first element with an id. Returns what puts it there again, when its content is drawn anew.
export function keepPlace(content) {
  const top = id => document.getElementById(id)?.getBoundingClientRect().top;
  const seen = [...content.querySelectorAll('[id]')].find(e => e.getBoundingClientRect().bottom > 0), before = seen && top(seen.id);
  return () => { if (seen) scrollBy({ top: (top(seen.id) ?? before) - before, behavior: 'instant' }); };
}

// localStorage; where the browser does not allow it or has no room, the sessionStorage of this tab; else the memory of this page.
// A property is read only inside of `try`, because a browser that blocks storage throws there.
const memory = new Map();
const places = [() => localStorage, () => sessionStorage, () => (
  { getItem: key => memory.get(key) ?? null, setItem: (key, text) => memory.set(key, text), removeItem: key => memory.delete(key) })];
const attempt = (what, otherwise) => { try { return what(); } catch { return otherwise; } };

export const store = {
  get: key => places.reduce((found, place) => found ?? attempt(() => place().getItem(key), null), null),
  set(key, text) {
    store.remove(key); // an older text in one place must not hide this one in another
    places.some(place => attempt(() => { place().setItem(key, text); return true; }, false));
  },
  remove: key => places.forEach(place => attempt(() => place().removeItem(key))),
  keys: prefix => [...new Set([...places.slice(0, 2).flatMap(place => attempt(() => Object.keys(place()), [])), ...memory.keys()])]
    .filter(key => key.startsWith(prefix)),
};
