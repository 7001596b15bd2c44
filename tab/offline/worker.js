// The service worker of the site: it keeps one version as a whole. In front of these lines the export writes VERSION, a hash of all
// files, and FILES: for each file that a page asks for the SHA-256 of its content (of a compressed file also the unpacked one's).
//
// A version is kept only when each of its files has the right content, so two versions are never mixed. A new version waits until no
// page uses the old one, and then the old one is deleted.
const SCOPE = new URL('./', self.location);
const PREFIX = `tracing-tutorial ${SCOPE.pathname} `; // several sites can be on one origin
const NAME = PREFIX + VERSION;
const AT_ONCE = 6; // downloads

const hex = buffer => Array.from(new Uint8Array(buffer), byte => byte.toString(16).padStart(2, '0')).join('');

async function isWhole(response, hashes) {
  if (!response.ok) return false;
  return hashes.includes(hex(await crypto.subtle.digest('SHA-256', await response.clone().arrayBuffer())));
}

// From the browser's own cache, if it has the right content; otherwise from the network.
async function download(file) {
  const address = new URL(file, SCOPE);
  for (const cache of ['default', 'no-cache', 'reload']) {
    const response = await fetch(address, { cache });
    if (await isWhole(response, FILES[file])) return response;
  }
  throw new Error(`${file} does not belong to version ${VERSION}.`);
}

async function keep() {
  const cache = await caches.open(NAME), waiting = Object.keys(FILES);
  const some = async () => {
    for (let file; (file = waiting.pop()) !== undefined;) {
      const address = new URL(file, SCOPE).href;
      if (!await cache.match(address)) await cache.put(address, await download(file));
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, some));
  } catch (e) {
    waiting.length = 0;
    await caches.delete(NAME); // a full disk, or the site has changed meanwhile: nothing is better than a part
    throw e;
  }
}

async function deleteOthers() {
  for (const name of await caches.keys()) if (name.startsWith(PREFIX) && name !== NAME) await caches.delete(name);
}

self.addEventListener('install', event => event.waitUntil(keep()));
self.addEventListener('activate', event => event.waitUntil(deleteOthers()));
self.addEventListener('message', event => { if (event.data === 'take over') self.skipWaiting(); });

self.addEventListener('fetch', event => {
  const { request } = event, address = new URL(request.url);
  if (request.method !== 'GET' || address.origin !== SCOPE.origin || !address.pathname.startsWith(SCOPE.pathname)) return;
  const file = decodeURIComponent(address.pathname.slice(SCOPE.pathname.length)) || 'index.html';
  if (Object.hasOwn(FILES, file)) event.respondWith(answer(request, file));
});

async function answer(request, file) {
  // The only page that is open is loaded again, and a new version is waiting: this is the moment to change.
  if (request.mode === 'navigate' && registration.waiting && (await clients.matchAll()).length < 2) {
    registration.waiting.postMessage('take over');
    return new Response('', { headers: { Refresh: '0' } });
  }
  const cache = await caches.open(NAME);
  // Evicted by the browser: from the network.
  return await cache.match(new URL(file, SCOPE).href) ?? fetch(request);
}
