// The sample on the confirm page: sends the ticked looks and follows the previews until all are there.
// Without this script the button submits the form and the page comes back with the sample on it.

const FIRST_POLL = 300;
const SLOWEST_POLL = 3000;
const HINT_AFTER = 5000;

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

class Sample {
  constructor(root) {
    this.root = root;
    this.form = root.closest("form");
    this.button = root.querySelector(".st-sample-start");
    this.status = root.querySelector(".st-sample-status");
    this.grid = root.querySelector(".st-sample-grid");
    this.round = 0;
    this.button.addEventListener("click", (event) => {
      event.preventDefault();
      this.start();
    });
    if (root.dataset.open === "1") this.follow({ is_open: true }, this.round);
  }

  async start() {
    const round = ++this.round;
    this.say(this.root.dataset.textSending);
    const body = new FormData(this.form);
    await this.follow(await this.ask({ method: "POST", body }, round), round);
  }

  async follow(state, round) {
    const begun = Date.now();
    let wait = FIRST_POLL;
    while (state && round === this.round) {
      this.show(state, Date.now() - begun > HINT_AFTER);
      if (!state.is_open) return;
      await pause(wait);
      wait = Math.min(wait * 1.3, SLOWEST_POLL);
      if (round === this.round) state = await this.ask({}, round);
    }
  }

  async ask(options, round) {
    for (;;) {
      try {
        const headers = { Accept: "application/json" };
        const response = await fetch(this.root.dataset.url, { ...options, headers, credentials: "same-origin" });
        const isJson = response.headers.get("Content-Type")?.includes("application/json");
        if (!isJson) return this.say(this.root.dataset.textGone, true);
        const answer = await response.json();
        return response.ok ? answer : this.say(answer.error, true);
      } catch {
        if (round !== this.round) return null;
        this.say(this.root.dataset.textLost);
        await pause(SLOWEST_POLL);
      }
    }
  }

  show(state, isLate) {
    if (state.html !== undefined && state.html !== this.shown) {
      this.shown = state.html;
      this.grid.innerHTML = state.html;
    }
    if (state.text) this.say(isLate && state.hint ? `${state.text} ${state.hint}` : state.text);
  }

  say(text, isError = false) {
    if (this.status.textContent !== text) this.status.textContent = text;
    this.status.classList.toggle("is-error", isError);
  }
}

const root = document.querySelector(".st-sample");
if (root) new Sample(root);
