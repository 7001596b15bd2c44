// The dialogs of the presenter's view: its keys, and the list of the parts. The second window opens them too, so that they are not on
// the projector.
import { button, el } from './base.js';

const KEYS = [
  ['→ or Page Down', 'goes on: the rest of a long part, then the text about its result, then the next part'],
  ['← or Page Up', 'goes back'],
  ['Shift+→, Shift+←', 'the next part, the part before, without what is between; Home and End: the first and the last'],
  ['G, or a number', 'goes to a part, from a list'],
  ['Shift+Enter', 'runs the next cell of the part'],
  ['A to E', 'counts a hand for this answer; with Shift, takes one back'],
  ['V', 'closes the vote without running the cell'],
  ['S', 'Stop: ends the kernel while a cell runs'],
  ['U', 'runs all cells above this part'],
  ['T', 'hides the text, or shows it again'],
  ['X', 'clears all votes, hides what the cells have shown, restarts the clock'],
  ['N', 'opens the notes in a second window, for the screen that only you see'],
  ['Escape', 'ends the presenter\'s view'],
];

function open(name, ...content) {
  const dialog = el('dialog', 'keys');
  dialog.setAttribute('aria-label', name);
  dialog.append(el('h2', '', name), ...content);
  dialog.onclose = () => dialog.remove();
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

export function keysDialog() {
  const table = el('table'), close = button('', 'Close', () => dialog.close());
  for (const [key, what] of KEYS) {
    const row = table.insertRow();
    row.insertCell().append(el('kbd', '', key));
    row.insertCell().textContent = what;
  }
  const dialog = open('Keys of the presenter\'s view', table, close);
  close.focus();
}

// `parts`: each with its title. Enter goes to the part with the number that was typed, of which `digit` is the first digit.
export function goDialog(parts, at, show, digit = '') {
  const list = el('ol'), form = el('form'), number = el('input');
  Object.assign(number, { value: digit, inputMode: 'numeric', autocomplete: 'off', size: 4 });
  number.setAttribute('aria-label', 'Number of the part');
  form.append('Number, then Enter: ', number);
  const go = part => { dialog.close(); show(part); };
  form.onsubmit = e => { e.preventDefault(); if (+number.value > 0) go(+number.value - 1); };
  list.append(...parts.map(({ title }, i) => {
    const item = el('li'), choice = button('', title, () => go(i));
    if (i === at) choice.setAttribute('aria-current', 'step');
    item.append(choice);
    return item;
  }));
  const dialog = open('Go to a part', form, list);
  number.focus();
  number.setSelectionRange(digit.length, digit.length);
}
