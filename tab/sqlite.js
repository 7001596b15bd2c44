// SQLite, as sql.js, for the C# classes in sqlite/. A database is in memory and has a name; connections to one name share it,
// and it ends with the last of them. Values in JSON: null, text, a number for REAL, {i:"1"} for INTEGER, {b:"…"} (base64) for BLOB.
const databases = new Map();
let SQL;

/** Starts SQLite. @param initialize sql.js's function @param wasm the bytes of sql-wasm.wasm */
export async function start(initialize, wasm) {
    SQL = await initialize({ wasmBinary: wasm });
}

export function open(name) {
    if (!databases.has(name)) {
        const db = new SQL.Database();
        const check = db.handleError;
        // sql.js throws SQLite's message; the result code is added to it.
        db.handleError = function (code) { try { return check.call(this, code); } catch (e) { e.code = code; throw e; } };
        databases.set(name, { db, connections: 0 });
    }
    databases.get(name).connections++;
}

export function close(name) {
    const known = databases.get(name);
    if (known && --known.connections === 0) {
        known.db.close();
        databases.delete(name);
    }
}

export function query(name, sql, parameters) {
    try {
        const { db } = databases.get(name);
        const given = JSON.parse(parameters, (_, value) => value?.i !== undefined ? integer(value.i) : value?.b !== undefined ? bytes(value.b) : value);
        const before = db.exec('SELECT total_changes()')[0].values[0][0];
        const [result] = db.exec(sql, Object.keys(given).length ? given : undefined, { useBigInt: true });
        const changed = db.exec('SELECT total_changes()')[0].values[0][0] - before;
        const reads = /^\s*(SELECT|WITH|PRAGMA|EXPLAIN|VALUES)\b/i.test(sql);
        return JSON.stringify({ columns: result?.columns ?? [], rows: result?.values ?? [], changed: reads ? -1 : changed }, (_, value) =>
            typeof value === 'bigint' ? { i: value.toString() } : value instanceof Uint8Array ? { b: base64(value) } : value);
    } catch (e) {
        return JSON.stringify({ error: e.message, code: e.code ?? 1 });
    }
}

const integer = text => Number.isSafeInteger(Number(text)) ? Number(text) : text; // sql.js binds no BigInt; SQLite converts text
const bytes = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));
const base64 = array => btoa(Array.from(array, byte => String.fromCharCode(byte)).join(''));
