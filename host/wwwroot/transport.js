// The messages of course/Runs/Messages.md, over a WebSocket to the player. Another transport offers the same: `name`, `open`,
// `send`, `connected`, `onmessage`, `onstate`. It keeps the version of the lesson that the page has, and asks only for what is new.
import { api, command, onEntered, OPEN, secret } from './access.js';
import { root } from './base.js';
import { fromJson, toJson } from './json.js';

const LONGEST_PAUSE = 5000; // in milliseconds
const LOST = 'The player has ended, or the connection is lost. What you write is kept in this browser and handed over later. '
  + 'If the terminal is closed, run this in the folder of the clone, and open the address that it shows:';

export class Transport {
  name = decodeURIComponent(location.pathname.split('/').filter(Boolean).pop());
  connected = false;          // the session has answered
  onmessage = () => { };
  onstate = () => { };        // 'connected'; 'lost', 'refused' or 'missing' with a sentence for the learner
  #version = null;
  #pause = 0;

  constructor() {
    const again = () => { if (this.#waiting) { clearTimeout(this.#waiting); this.open(); } };
    document.addEventListener('visibilitychange', again); // the timers of a page that is not seen are slow
    onEntered(again);
  }

  #waiting = 0;
  open() {
    this.#waiting = 0;
    const address = new URL(`ws/${encodeURIComponent(this.name)}`, root);
    address.protocol = address.protocol.replace('http', 'ws');
    const socket = this.socket = new WebSocket(address);
    socket.onopen = () => socket.send(toJson({ do: 'hello', key: secret(), version: this.#version }));
    socket.onmessage = ({ data }) => {
      const message = fromJson(data);
      if (!this.connected) { this.connected = true; this.#pause = 0; this.onstate('connected'); }
      if (message.type === 'lesson') this.#version = message.lesson.version;
      this.onmessage(message);
    };
    socket.onclose = ({ code }) => { if (socket === this.socket) this.#closed(code); };
  }

  // Connects again and asks for the lesson: it has changed.
  renew() {
    this.#version = null;
    this.socket.onclose = this.socket.onmessage = null;
    this.socket.close();
    this.connected = false;
    this.open();
  }

  send(message) {
    if (this.connected) this.socket.send(toJson(message));
    return this.connected;
  }

  async #closed(code) {
    this.connected = false;
    if (code === 4409) this.#version = null;
    this.#pause = Math.min(this.#pause * 2 || 250, LONGEST_PAUSE);
    this.#waiting = setTimeout(() => this.open(), this.#pause);
    if (code === 4409) return;
    const why = code === 4401 ? 'refused' : await this.#why();
    if (this.connected) return; // meanwhile it is there again
    if (why === 'lost') return this.onstate('lost', LOST, command());
    clearTimeout(this.#waiting); // it would be refused again, until this browser has another secret
    this.onstate(why, why === 'missing' ? 'There is no lesson of this name.'
      : `The player was started again. ${OPEN} Then this page goes on, with what you wrote.`);
  }

  async #why() {
    try {
      const { lessons } = await api('start');
      return this.connected || lessons.some(l => l.name === this.name) ? 'lost' : 'missing';
    } catch (e) {
      return e.status === 401 ? 'refused' : 'lost';
    }
  }
}
