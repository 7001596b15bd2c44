// The transport of a page of the live site: in place of a connection to the player it has the session itself. It offers what
// page/transport.js offers.
import { startKernel } from './kernel.js';
import { LessonSession } from './lesson.js';
import { data, store, troubles } from './site.js';

export class Transport {
  name = document.documentElement.dataset.lesson;
  connected = false;
  onmessage = () => { };
  onstate = () => { };
  #receive = null;

  async open() {
    try {
      const mine = store.lesson(this.name);
      const [lesson, { kept, runs }] = await Promise.all([data(`lessons/${this.name}.json`), mine.read()]);
      const session = new LessonSession({ lesson, kept, runs, startKernel, store: mine });
      troubles.forEach(text => session.notice(text));
      store.ontrouble = text => session.notice(text);
      // A message comes after what the page does now, as over a connection.
      this.#receive = session.connect(message => queueMicrotask(() => this.onmessage(message)));
    } catch (e) {
      this.onstate('lost', `The cells of this lesson could not be loaded (${e.message}). The lesson can be read. `
        + 'Load the page again when the site can be reached.');
      return;
    }
    this.connected = true;
    this.onstate('connected');
    this.#receive({ do: 'hello', version: null });
  }

  renew() { location.reload(); }

  send(message) {
    if (this.connected) this.#receive(message);
    return this.connected;
  }
}
