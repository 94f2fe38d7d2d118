// "Try it on a product": sends the form's unsaved amounts, follows the preview until it is ready, and drops
// whatever a newer request has overtaken. Without this script the button submits the form to a page of its own.

const DEBOUNCE = 350;
const FIRST_POLL = 250;
const SLOWEST_POLL = 2000;
const HINT_AFTER = 5000;
const TRIED = ".st-look, .st-unify, .st-parts";

const pause = (milliseconds, signal) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason)), { once: true });
  });

class Panel {
  constructor(root) {
    this.root = root;
    this.form = root.closest("form");
    this.status = root.querySelector(".st-tryit-status");
    this.stage = root.querySelector(".st-tryit-stage");
    this.texts = root.dataset;
    this.running = new AbortController();
    this.timer = 0;
    this.pending = "";
    this.listen();
  }

  listen() {
    this.root.querySelector("button").addEventListener("click", (event) => {
      event.preventDefault();
      this.start();
    });
    this.form.addEventListener("input", (event) => {
      if (event.target.closest(TRIED)) this.soon();
    });
    this.root.addEventListener("change", (event) => {
      if (event.target.name === "preview_photo") this.start();
    });
    const search = this.root.querySelector(".st-tryit-search");
    search.hidden = false;
    const box = search.querySelector("input");
    box.addEventListener("input", () => this.search(box.value));
    // Enter in the search box would otherwise save the preset.
    box.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.start(), DEBOUNCE);
  }

  fields() {
    const all = new FormData(this.form);
    const sent = new FormData();
    const tried = [...this.form.elements].filter((each) => each.name && each.closest(TRIED)).map((each) => each.name);
    for (const name of [...tried, "preview_photo", "csrfmiddlewaretoken"]) {
      if (all.has(name)) sent.set(name, all.get(name));
    }
    return sent;
  }

  async start() {
    clearTimeout(this.timer);
    this.running.abort();
    this.running = new AbortController();
    const { signal } = this.running;
    this.root.classList.add("is-busy");
    this.say(this.texts.textSending);
    try {
      const body = this.fields();
      body.set("replaces", this.pending);
      const answer = await this.ask(this.root.dataset.startUrl, { method: "POST", body, signal });
      await this.follow(answer, signal);
    } catch (error) {
      if (!signal.aborted) this.say(error.message, true);
    } finally {
      if (!signal.aborted) this.root.classList.remove("is-busy");
    }
  }

  async follow(preview, signal) {
    const begun = Date.now();
    let wait = FIRST_POLL;
    this.pending = preview.is_open ? preview.id : "";
    while (preview.is_open) {
      const late = Date.now() - begun > HINT_AFTER;
      this.say(late && preview.hint ? `${preview.text} ${preview.hint}` : preview.text);
      await pause(wait, signal);
      wait = Math.min(wait * 1.3, SLOWEST_POLL);
      preview = await this.ask(preview.url, { signal });
    }
    this.pending = "";
    if (preview.is_ready) await this.show(preview, signal);
    this.say(preview.text, !preview.is_ready);
  }

  // One JSON answer; a server that is away for a moment is asked again, a refusal is not.
  async ask(url, options) {
    for (;;) {
      let response;
      try {
        response = await fetch(url, { ...options, headers: { Accept: "application/json" }, credentials: "same-origin" });
      } catch (error) {
        if (options.signal.aborted) throw error;
        this.say(this.texts.textLost);
        await pause(SLOWEST_POLL, options.signal);
        continue;
      }
      const isJson = response.headers.get("Content-Type")?.includes("application/json");
      if (!isJson) throw new Error(this.texts.textGone);
      const answer = await response.json();
      if (!response.ok) throw new Error(answer.error);
      return answer;
    }
  }

  // The old picture stays until the new one is loaded, and the edge stays where it was.
  async show(preview, signal) {
    const after = new Image();
    after.src = preview.after;
    await after.decode().catch(() => {});
    if (signal.aborted) return;
    if (!this.stage.querySelector(".st-compare")) {
      const template = this.root.querySelector(".st-tryit-template");
      this.stage.replaceChildren(template.content.cloneNode(true));
    }
    this.stage.querySelector(".st-compare-before img").src = preview.before;
    this.stage.querySelector(".st-compare-after img").src = preview.after;
  }

  say(text, isError = false) {
    this.status.textContent = text;
    this.status.classList.toggle("is-error", isError);
  }

  search(text) {
    clearTimeout(this.searchTimer);
    this.searchTimer = setTimeout(() => this.find(text), DEBOUNCE);
  }

  async find(text) {
    this.searching?.abort();
    this.searching = new AbortController();
    const url = `${this.root.dataset.searchUrl}?q=${encodeURIComponent(text)}`;
    try {
      const { photos } = await this.ask(url, { signal: this.searching.signal });
      this.offer(photos);
    } catch (error) {
      if (error.name !== "AbortError") this.say(error.message, true);
    }
  }

  offer(photos) {
    const grid = this.root.querySelector(".st-photo-grid");
    const chosen = grid.querySelector("input:checked");
    const kept = chosen?.closest(".st-photo");
    const others = photos.filter((photo) => photo.key !== chosen?.value);
    grid.replaceChildren(...(kept ? [kept] : []), ...others.map((photo) => this.choice(photo)));
    if (!photos.length) {
      const none = document.createElement("p");
      none.textContent = this.texts.textNone;
      grid.append(none);
    }
  }

  choice(photo) {
    const label = document.createElement("label");
    label.className = "st-photo";
    const input = Object.assign(document.createElement("input"), { type: "radio", name: "preview_photo", value: photo.key });
    const image = Object.assign(document.createElement("img"), { src: photo.url, alt: "", loading: "lazy" });
    const title = document.createElement("span");
    title.textContent = photo.title;
    label.append(input, image, title);
    return label;
  }
}

for (const root of document.querySelectorAll(".st-tryit[data-start-url]")) {
  if (root.querySelector("button")) new Panel(root);
}
