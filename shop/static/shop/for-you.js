// Puts what was chosen for this visitor into the public front page. The page comes with a row that is the same
// for everybody; only whoever allowed personal pages causes a request, and the row keeps its size.

import { allowsPersonalPages } from "./consent.js";

let latest = 0;

export function setUpForYou() {
  const section = document.querySelector("[data-for-you]");
  if (!section) return;
  document.addEventListener("stylechange", () => show(section));
  addEventListener("styletransfer:consent", () => show(section)); // just now, by the banner
  show(section);
}

async function show(section) {
  if (!allowsPersonalPages()) return;
  const turn = ++latest;
  const style = new URL(location.href).searchParams.get("style");
  const address = section.dataset.forYou + (style === null ? "" : `?style=${encodeURIComponent(style)}`);
  try {
    const response = await fetch(address, { headers: { Accept: "text/html" } });
    if (!response.ok || turn !== latest) return;
    const row = section.querySelector(".row");
    const focused = row.contains(document.activeElement);
    const scrolled = row.scrollLeft;
    const fragment = new DOMParser().parseFromString(await response.text(), "text/html");
    if (turn !== latest || focused) return; // nothing is taken away from under somebody's fingers
    section.replaceChildren(...document.importNode(fragment.body, true).childNodes);
    section.querySelector(".row").scrollLeft = scrolled;
  } catch {
    // the row for everybody stays
  }
}
