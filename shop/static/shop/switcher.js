// Changes the look of every photo without loading a page. Each chip is a link to this page in another
// look; that page is fetched when a pointer or the focus comes near, and all elements marked data-swap
// are exchanged for their counterparts in it once the pictures in view have arrived.

import { announce } from "./announce.js";
import { setUpComparisons } from "./compare.js";

const PICTURE_WAIT_MILLISECONDS = 1200;
const IDLE_MILLISECONDS = 1500;

const pages = new Map();
let latest = 0;

export function setUpSwitcher() {
  const switcher = document.querySelector("[data-switcher]");
  if (!switcher) return;
  revealCurrent(switcher);
  const prepare = (event) => {
    const chip = event.target.closest?.("[data-look]");
    if (chip) warm(chip.href);
  };
  for (const type of ["pointerover", "focusin", "touchstart"]) {
    switcher.addEventListener(type, prepare, { passive: true });
  }
  switcher.addEventListener("click", (event) => {
    const chip = event.target.closest("[data-look]");
    if (!chip || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    document.dispatchEvent(new CustomEvent("stylepick", { detail: { style: chip.dataset.look } }));
    change(switcher, chip);
  });
  if (!navigator.connection?.saveData) setTimeout(() => fetchRest(switcher), IDLE_MILLISECONDS);
}

// Shows the page in the look of a chip that nobody clicked.
export function turnTo(chip) {
  return change(chip.closest("[data-switcher]"), chip, { quietly: true });
}

// The looks' pages are small without their pictures, so they can all be here before anybody asks.
async function fetchRest(switcher) {
  for (const chip of switcher.querySelectorAll("[data-look]:not([aria-current])")) {
    await page(chip.href).catch(() => undefined);
  }
}

function page(address) {
  if (!pages.has(address)) {
    const loading = fetch(address, { headers: { Accept: "text/html" } })
      .then((response) => {
        if (!response.ok) throw new Error(`${response.status}`);
        return response.text();
      })
      .then((html) => new DOMParser().parseFromString(html, "text/html"));
    loading.catch(() => pages.delete(address));
    pages.set(address, loading);
  }
  return pages.get(address);
}

// Also starts loading the pictures that are in view now, so that a click finds them in the cache.
function warm(address) {
  page(address).then((fetched) => loadInView(fetched)).catch(() => undefined);
}

async function change(switcher, chip, { quietly = false } = {}) {
  const turn = ++latest;
  switcher.setAttribute("aria-busy", "true");
  try {
    const fetched = await page(chip.href);
    const wait = new Promise((resolve) => { setTimeout(resolve, PICTURE_WAIT_MILLISECONDS); });
    await Promise.race([loadInView(fetched), wait]);
    if (turn !== latest) return; // another chip was clicked meanwhile
    await crossfade(() => exchange(switcher, chip, fetched));
    if (!quietly) announce(chip.dataset.announcement);
    document.dispatchEvent(new CustomEvent("stylechange"));
  } catch {
    if (!quietly) location.assign(chip.href);
  } finally {
    if (turn === latest) switcher.removeAttribute("aria-busy");
  }
}

// Resolves when the counterparts of the pictures in view are decoded.
function loadInView(fetched) {
  const waiting = [];
  for (const [present, counterpart] of pairs(fetched)) {
    const box = present.getBoundingClientRect();
    if (box.bottom < 0 || box.top > innerHeight || box.right < 0 || box.left > innerWidth) continue;
    for (const picture of counterpart.querySelectorAll("picture")) waiting.push(decoded(picture));
  }
  return Promise.all(waiting);
}

const decodedPictures = new WeakMap();

function decoded(picture) {
  if (!decodedPictures.has(picture)) {
    const copy = document.importNode(picture, true);
    const image = copy.querySelector("img");
    image.loading = "eager";
    decodedPictures.set(picture, image.decode().catch(() => undefined));
  }
  return decodedPictures.get(picture);
}

function pairs(fetched) {
  const found = [];
  for (const present of document.querySelectorAll("[data-swap]")) {
    const counterpart = fetched.querySelector(`[data-swap="${CSS.escape(present.dataset.swap)}"]`);
    if (counterpart) found.push([present, counterpart]);
  }
  return found;
}

function crossfade(update) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (calm || !document.startViewTransition) {
    update();
    return undefined;
  }
  return document.startViewTransition(update).updateCallbackDone;
}

function exchange(switcher, chip, fetched) {
  for (const [present, counterpart] of pairs(fetched)) {
    const copy = document.importNode(counterpart, true);
    const box = present.getBoundingClientRect();
    if (box.bottom > 0 && box.top < innerHeight) {
      // These have been decoded just now; decoding them again later would flash.
      for (const image of copy.querySelectorAll("img")) {
        image.loading = "eager";
        image.decoding = "sync";
        image.style.background = "";
      }
    }
    present.replaceChildren(...copy.childNodes);
    setUpComparisons(present);
  }
  // What the pictures are now shown as, for whoever counts them.
  const contexts = fetched.querySelectorAll("[data-st-context]");
  document.querySelectorAll("[data-st-context]").forEach((box, at) => {
    if (contexts[at]) box.dataset.stContext = contexts[at].dataset.stContext;
  });
  for (const other of switcher.querySelectorAll("[aria-current]")) other.removeAttribute("aria-current");
  chip.setAttribute("aria-current", "true");
  document.querySelector("[data-current-look]").textContent = chip.dataset.name;
  const style = new URL(chip.href).searchParams.get("style");
  for (const link of document.querySelectorAll("[data-carry-style]")) carry(link, style);
  history.replaceState(history.state, "", chip.href);
}

function carry(link, style) {
  const attribute = link.tagName === "FORM" ? "action" : "href";
  const address = new URL(link.getAttribute(attribute), location.href);
  if (style === null) address.searchParams.delete("style");
  else address.searchParams.set("style", style);
  link.setAttribute(attribute, address.pathname + address.search);
}

// On a phone the row of chips scrolls; the chosen one should be in sight.
function revealCurrent(switcher) {
  const row = switcher.querySelector(".chips");
  const chip = switcher.querySelector("[aria-current]");
  if (chip && chip.offsetLeft + chip.offsetWidth > row.clientWidth) {
    row.scrollLeft = chip.offsetLeft - row.clientWidth / 2;
  }
}
