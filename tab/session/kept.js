// What a learner did in one lesson, without what cells have shown: the format and the join of course/Runs/KeptLesson.cs. Both pass
// tests/Tests/conformance/merge.json. Values are not changed; a change makes a new one.
const VERSION = 2;
const MAX_OTHERS = 20;

export const empty = { cells: {}, choices: {}, visited: null, cleared: null, version: VERSION };

// True for a value of this format.
export function isKept(kept) {
  const isObject = value => typeof value === 'object' && value !== null && !Array.isArray(value);
  const isText = value => typeof value === 'string', isTextOrNothing = value => value === null || value === undefined || isText(value);
  const isTime = value => isText(value) && !Number.isNaN(Date.parse(value)), isTimeOrNothing = value => value == null || isTime(value);
  const isOther = other => isObject(other) && isText(other.source) && isTime(other.at);
  const isCell = cell => isObject(cell) && isText(cell.original) && isTextOrNothing(cell.source) && isTime(cell.changed)
    && isTextOrNothing(cell.exercise) && isTextOrNothing(cell.solvedBy) && (cell.others ?? []).every?.(isOther);
  const isChoice = choice => isObject(choice) && isTextOrNothing(choice.letter) && typeof choice.closed === 'boolean' && isTime(choice.at);
  return isObject(kept) && kept.version === VERSION && isObject(kept.cells) && isObject(kept.choices)
    && Object.values(kept.cells).every(isCell) && Object.values(kept.choices).every(isChoice)
    && isTimeOrNothing(kept.visited) && isTimeOrNothing(kept.cleared);
}

// ---- times: .NET writes seven digits after the second, and a Date knows three of them

const parts = time => [Date.parse(time), +(/\.(\d+)/.exec(time)?.[1] ?? '').padEnd(7, '0').slice(3, 7)];
const compare = (a, b) => {
  const [[x, restOfX], [y, restOfY]] = [parts(a), parts(b)];
  return x - y || restOfX - restOfY;
};
const later = (a, b) => !b || a && compare(a, b) > 0 ? a ?? null : b;
const write = (milliseconds, rest) => new Date(milliseconds).toISOString().replace('Z', `${String(rest).padStart(4, '0')}Z`);
const after = time => {
  const [milliseconds, rest] = parts(time);
  return rest < 9999 ? write(milliseconds, rest + 1) : write(milliseconds + 1, 0);
};

// Later than everything that is kept, also on a machine whose clock was set back.
export function now(kept) {
  const times = [...Object.values(kept.cells).map(c => c.changed), ...Object.values(kept.choices).map(c => c.at), kept.cleared];
  const latest = times.reduce(later, null), present = write(Date.now(), 0);
  return !latest || compare(present, latest) > 0 ? present : after(latest);
}

// ---- changes

export const withCell = (kept, key, cell) => ({ ...kept, cells: { ...kept.cells, [key]: cell } });
export const withChoice = (kept, key, choice) => ({ ...kept, choices: { ...kept.choices, [key]: choice } });
export const clear = (kept, at) => ({ ...empty, visited: kept.visited, cleared: at });

// A state that was taken from elsewhere, to be joined with one in which the lesson was started again: that removes nothing of this
// state, and a start again elsewhere removes nothing here.
export function brought(kept, there) {
  const at = now(there), live = time => there.cleared && compare(time, there.cleared) <= 0 ? at : time;
  const each = (all, change) => Object.fromEntries(Object.entries(all).map(([key, value]) => [key, change(value)]));
  return { ...kept, cleared: null, cells: each(kept.cells, c => ({ ...c, changed: live(c.changed) })),
    choices: each(kept.choices, c => ({ ...c, at: live(c.at) })) };
}

// Joins two states that began as one. Per cell, a text that only one side changed is taken; where both did, the newer one is, and the
// other one is kept in `others`. A start again elsewhere does not remove a text that was written here since.
export function merge(known, mine, theirs) {
  const cleared = later(mine.cleared, theirs.cleared);
  const isLive = time => !cleared || compare(time, cleared) > 0;
  const live = cell => cell && isLive(cell.changed) ? cell : null, text = cell => cell?.source ?? null;
  // The clocks of two machines differ, and whoever started again has not seen this text.
  const isClearedElsewhere = cleared && !(mine.cleared && compare(mine.cleared, cleared) === 0);
  const liveHere = (cell, before) => live(cell)
    ?? (isClearedElsewhere && text(cell) !== null && text(cell) !== text(before) ? { ...cell, changed: after(cleared) } : null);
  const keys = (a, b) => [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
  const cells = {}, choices = {};
  for (const key of keys(mine.cells, theirs.cells)) {
    const before = known.cells[key], cell = mergeCell(before, liveHere(mine.cells[key], before), live(theirs.cells[key]));
    if (cell) cells[key] = cell;
  }
  for (const key of keys(mine.choices, theirs.choices)) {
    const made = [mine.choices[key], theirs.choices[key]].filter(choice => choice && isLive(choice.at));
    if (!made.length) continue;
    const last = made.reduce((a, b) => compare(b.at, a.at) > 0 ? b : a);
    choices[key] = { letter: last.letter ?? null, closed: made.some(choice => choice.closed), at: last.at };
  }
  return { cells, choices, visited: later(mine.visited, theirs.visited), cleared, version: VERSION };
}

function mergeCell(known, mine, theirs) {
  if (!mine || !theirs) return mine ?? theirs;
  const text = cell => cell?.source ?? null, same = (a, b) => a.source === b.source && compare(a.at, b.at) === 0;
  const has = (list, other) => list.some(o => same(o, other));
  // Who changes a text makes it later than the one that was known, whatever the clock says. One that is not later is of a file that was
  // loaded, or that was written elsewhere without knowing ours: then both texts are somebody's work.
  const theyKnew = !known || compare(theirs.changed, known.changed) > 0, theyChanged = text(theirs) !== text(known);
  const iChanged = text(mine) !== text(known) || theyChanged && !theyKnew;
  const mineWins = iChanged === theyChanged ? compare(mine.changed, theirs.changed) >= 0 : iChanged;
  const [winner, loser] = mineWins ? [mine, theirs] : [theirs, mine];
  const [my, their] = [mine.others ?? [], theirs.others ?? []];
  const removed = (known?.others ?? []).filter(o => !has(my, o) || theyKnew && !has(their, o));
  const others = [...my, ...their].filter(o => !has(removed, o));
  if (iChanged && theyChanged && text(loser) !== null && text(loser) !== text(winner)) {
    others.push({ source: loser.source, at: loser.changed });
  }
  const distinct = others.filter((o, i) => o.source !== text(winner) && others.findIndex(p => p.source === o.source) === i);
  return {
    ...winner, changed: later(winner.changed, loser.changed), solvedBy: winner.solvedBy ?? loser.solvedBy ?? null,
    others: distinct.sort((a, b) => compare(a.at, b.at)).slice(-MAX_OTHERS),
  };
}
