// Turns a public page, which comes in the look of its address, to the visitor's own look: the one picked
// earlier, or for whoever allowed it the one that the shop chose for them. And remembers what is picked.

import { allowsPersonalPages } from "./consent.js";
import { turnTo } from "./switcher.js";

const switcher = document.querySelector("[data-switcher]");

export async function setUpOwnStyle() {
  if (!switcher) return;
  document.addEventListener("stylepick", (event) => remember(event.detail.style));
  if (new URL(location.href).searchParams.has("style")) return; // a link in a look is meant in that look
  const { style, context } = await ownStyle();
  const chip = style && switcher.querySelector(`[data-look="${CSS.escape(style)}"]:not([aria-current])`);
  if (chip) await turnTo(chip);
  // What is seen from now on was drawn for this visitor, with the probability that the context holds.
  if (context) for (const element of document.querySelectorAll("[data-st-context]")) element.dataset.stContext = context;
}

async function ownStyle() {
  const picked = document.cookie.match(/(?:^|; )styletransfer_style=([\w-]+)/)?.[1];
  if (!allowsPersonalPages()) return { style: picked };
  try {
    const response = await fetch(switcher.dataset.state, { headers: { Accept: "application/json" } });
    const state = response.ok ? await response.json() : { style: picked };
    return state.reason === "experiment" ? {} : state; // experiments.js shows these
  } catch {
    return { style: picked };
  }
}

function remember(style) {
  fetch(switcher.dataset.pick, {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ style }),
    keepalive: true, // the visitor may be on the way to another page
  }).catch(() => undefined);
}
