// Says something to screen readers without moving the focus.

export function announce(text) {
  const region = document.querySelector("[data-announcer]");
  region.textContent = "";
  requestAnimationFrame(() => { region.textContent = text; });
}
