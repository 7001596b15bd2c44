// Saves all work of a learner to one file, and loads it from one: from the player to the live site and back, or to another browser.
import { loadWork, saveWork } from './access.js';
import { button, el } from './base.js';

// A line with two buttons. `report` is called with what has happened, in a sentence.
export function work(report) {
  const line = el('p', 'work'), file = Object.assign(el('input'), { type: 'file', accept: '.json,application/json', hidden: true });
  const attempt = async action => {
    try { report(await action()); } catch (e) { report(e.message); }
  };
  const save = () => attempt(async () => {
    const address = URL.createObjectURL(new Blob([await saveWork()], { type: 'application/json' }));
    Object.assign(el('a'), { href: address, download: 'tracing-tutorial-work.json' }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
    return 'Your texts and answers of all lessons are in the file.';
  });
  file.onchange = () => attempt(async () => {
    const count = await loadWork(await file.files[0].text());
    file.value = '';
    return `${count} ${count === 1 ? 'lesson is' : 'lessons are'} loaded, joined with what was here.`;
  });
  line.append(button('', 'Save your work to a file', save), ' ', button('', 'Load work from a file', () => file.click()), file);
  return line;
}
