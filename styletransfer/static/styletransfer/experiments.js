// Shows a visitor what running experiments give them on a page that is the same for everybody, and says which
// of it has come into view. Call it only for visitors who allow measuring; it needs nothing else.
//
//   import { showExperiments } from "/static/styletransfer/experiments.js";
//   showExperiments("/styles/experiments.json");

const GATHER_MILLISECONDS = 400;

export async function showExperiments(address, root = document) {
  const pictures = [...root.querySelectorAll("picture[data-photo]")];
  if (!pictures.length) return;
  const query = new URLSearchParams([...new Set(pictures.map((one) => one.dataset.photo))].map((name) => ["photo", name]));
  const response = await fetch(`${address}?${query}`, { headers: { Accept: "application/json" } });
  if (!response.ok) return;
  const { photos } = await response.json();
  const watch = watcher(address);
  for (const picture of pictures) {
    const given = photos[picture.dataset.photo];
    if (given) watch(shown(picture, given));
  }
}

// The picture as it is if it is right already, else its counterpart in the same place and size.
function shown(picture, given) {
  const isRight = (picture.dataset.style ?? "original") === given.style;
  const found = isRight ? picture : counterpart(picture, given.html);
  found.dataset.experiment = given.experiment;
  return found;
}

function counterpart(picture, html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  const found = template.content.querySelector("picture");
  const [before, after] = [picture, found].map((one) => one.querySelector("img"));
  found.className = picture.className;
  for (const name of ["alt", "loading", "fetchpriority"]) {
    if (before.hasAttribute(name)) after.setAttribute(name, before.getAttribute(name));
  }
  const sizes = picture.querySelector("[sizes]")?.getAttribute("sizes");
  for (const one of found.querySelectorAll("[sizes]")) if (sizes) one.setAttribute("sizes", sizes);
  picture.replaceWith(found);
  return found;
}

// Reports each experiment once a page, when half of one of its pictures is in view.
function watcher(address) {
  const reported = new Set();
  let waiting = {};
  let timer;
  const send = () => {
    const body = JSON.stringify({ seen: waiting });
    waiting = {};
    timer = undefined;
    fetch(address, { method: "POST", headers: { "Content-Type": "application/json" }, body, keepalive: true })
      .then((response) => response.text()) // an answer that nobody reads keeps the connection busy
      .catch(() => undefined);
  };
  const observer = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      const picture = target.closest("picture");
      const key = picture?.dataset.experiment;
      if (!isIntersecting || !key || reported.has(key)) continue;
      reported.add(key);
      waiting[key] = picture.dataset.style ?? "original";
      timer ??= setTimeout(send, GATHER_MILLISECONDS);
    }
  }, { threshold: 0.5 });
  return (picture) => observer.observe(picture.querySelector("img"));
}
