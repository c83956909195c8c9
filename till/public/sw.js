const SHELL = "onegate-shell-1";

self.addEventListener("install", (event) => {
  event.waitUntil(keepShell().then(() => self.skipWaiting()));
});

// the page that installs this was loaded before it: what that page needs is kept too
async function keepShell() {
  const cache = await caches.open(SHELL);
  await cache.add("/");
  const page = await (await cache.match("/")).text();
  await cache.addAll([...page.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path]) => path));
}

self.addEventListener("activate", (event) => {
  const others = (names) => names.filter((name) => name !== SHELL);
  event.waitUntil(
    caches.keys().then((names) => Promise.all(others(names).map((name) => caches.delete(name)))).then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin || url.pathname.startsWith("/api/")) return;
  if (request.mode === "navigate") {
    if (url.pathname === "/") event.respondWith(fromNetworkFirst(request));
  } else if (/^\/(assets|pictures|icons)\//.test(url.pathname)) event.respondWith(fromCacheFirst(request));
});

async function fromNetworkFirst(request) {
  const cache = await caches.open(SHELL);
  try {
    const answer = await fetch(request);
    if (answer.ok) await cache.put("/", answer.clone());
    return answer;
  } catch (offline) {
    const kept = await cache.match("/");
    if (kept) return kept;
    throw offline;
  }
}

async function fromCacheFirst(request) {
  const cache = await caches.open(SHELL);
  const kept = await cache.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone());
  return answer;
}
