// Sends what is seen and clicked, once the shopper has allowed it.
(() => {
  const { endpoint, version } = document.currentScript.dataset;
  const queue = [], seen = new Map(), timers = new Map(), watched = new WeakMap();
  let observer;

  // "1.pm": version of the texts, a letter for each purpose allowed.
  const allowed = () => !navigator.globalPrivacyControl &&
    document.cookie.match(/\bstyletransfer_consent=([\w-]+)\.\w/)?.[1] === version;
  const contextOf = (item, inside = "[data-st-context]") =>
    (item.querySelector(inside) ?? item.closest(inside))?.dataset.stContext;
  const keyOf = (item) => item.dataset.stItem + contextOf(item);

  function note(kind, item, product, more) {
    const id = crypto.randomUUID();
    queue.push({ id, kind, product, context: contextOf(item), at: performance.now(), ...more });
    if (queue.length > 19) send();
    return id;
  }

  function send(leaving) {
    if (!queue.length || !allowed()) return;
    const batch = queue.splice(0, 50);
    const events = batch.map(({ at, ...event }) => ({ ...event, ago: (performance.now() - at) / 1000 }));
    const body = JSON.stringify({ events });
    if (leaving && navigator.sendBeacon(endpoint, body)) return;
    fetch(endpoint, { method: "POST", body, keepalive: true })
      .then(({ status }) => { if (status > 499 || status === 429) throw status; })
      .catch(() => { if (queue.length < 200) queue.unshift(...batch); }); // ids keep it single
  }

  // Seen is half of it in view for a second.
  function show(item) {
    const key = keyOf(item);
    if (document.hidden || seen.has(key)) return;
    seen.set(key, note("impression", item, item.dataset.stItem));
  }

  // A picture in another look is another impression.
  function watch() {
    for (const item of document.querySelectorAll("[data-st-item]")) {
      if (watched.get(item) === keyOf(item)) continue;
      watched.set(item, keyOf(item));
      observer.unobserve(item);
      observer.observe(item);
    }
  }

  function start() {
    if (observer || !allowed() || !crypto.randomUUID) return;
    observer = new IntersectionObserver((entries) => entries.forEach(({ target, isIntersecting }) => {
      clearTimeout(timers.get(target));
      if (isIntersecting) timers.set(target, setTimeout(show, 1000, target));
    }), { threshold: 0.5 });
    watch();
    new MutationObserver(watch).observe(document.body, { childList: true, subtree: true });
    const page = document.querySelector("[data-st-view]");
    if (page) note("view", page, page.dataset.stView);
    addEventListener("click", ({ target }) => {
      const item = target.closest("a")?.closest("[data-st-item]");
      if (item) note("click", item, item.dataset.stItem, { impression: seen.get(keyOf(item)) });
    }, true);
    addEventListener("visibilitychange", () => document.hidden && send(true));
    setInterval(send, 5000);
  }

  addEventListener("styletransfer:consent", start);
  start();
})();
