// What pages of the live site need in place of the player: the list of lessons, and the learner's work.
import { fromJson, toJson } from '../json.js';
import { CourseStore } from './store.js';

const site = new URL('../../', import.meta.url); // the site may be below a path such as /a/b/

// Why nothing is kept beyond this page: sentences.
export const troubles = [];
export const store = new CourseStore(`tracing-tutorial ${site.pathname}`);
store.ontrouble = text => troubles.push(text);

// A file of the site, as JSON.
export async function data(path) {
  const address = new URL(path, site);
  let answer;
  try {
    answer = await fetch(address);
  } catch (e) {
    throw new Error(`${address.pathname}: ${e.message}`);
  }
  if (!answer.ok) throw new Error(`${address.pathname}: the server said ${answer.status}`);
  return answer.json();
}

// The list of lessons, with what the learner did in them.
export async function lessons() {
  const [list, kept] = await Promise.all([data('lessons/index.json'), store.all()]);
  return { ...list, lessons: list.lessons.map(lesson => {
    const { visited = null, cells = {} } = kept[lesson.name] ?? {};
    const solved = Object.values(cells).filter(cell => cell.exercise && (cell.solvedBy ?? null) !== null).length;
    return { ...lesson, visited, solved: Math.min(solved, lesson.exercises) };
  }) };
}

export const save = async () => toJson(await store.save(), 1);
export const load = text => store.load(fromJson(text));
