// Review from the keyboard: one tile has the focus, a key decides about it and moves on.
// Without this script the ticked pictures are sent as a form.

const ACTS = { a: "approve", r: "reject", u: "reopen" };

class Review {
  constructor(root) {
    this.root = root;
    this.form = root.querySelector(".st-review-form");
    this.status = root.querySelector(".st-review-status");
    this.tiles = [...root.querySelectorAll(".st-tile")];
    if (!this.tiles.length) return;
    root.querySelector(".st-review-keys").hidden = false;
    this.tiles.forEach((tile) => (this.box(tile).tabIndex = -1));
    this.box(this.tiles[0]).tabIndex = 0;
    root.addEventListener("keydown", (event) => this.pressed(event));
    root.addEventListener("focusin", (event) => this.entered(event.target.closest(".st-tile")));
    this.box(this.tiles[0]).focus({ preventScroll: true });
  }

  box(tile) {
    return tile.querySelector("input[name=variant]");
  }

  entered(tile) {
    if (!tile) return;
    this.tiles.forEach((other) => (this.box(other).tabIndex = other === tile ? 0 : -1));
    this.current = tile;
  }

  pressed(event) {
    const tile = event.target.closest(".st-tile");
    if (!tile || event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.toLowerCase();
    const steps = { arrowright: 1, arrowleft: -1, arrowdown: this.columns(), arrowup: -this.columns() };
    if (key in steps) this.move(tile, steps[key]);
    else if (key === "home") this.move(tile, -this.tiles.indexOf(tile));
    else if (key === "end") this.move(tile, this.tiles.length - 1 - this.tiles.indexOf(tile));
    else if (key in ACTS && this.form.querySelector(".st-approve")) this.decide(tile, ACTS[key]);
    else if (key === "z") this.redo(tile);
    else if (key === "v") tile.classList.toggle("st-tile--large");
    else return;
    event.preventDefault();
  }

  columns() {
    const top = this.tiles[0].offsetTop;
    const next = this.tiles.findIndex((tile) => tile.offsetTop > top);
    return next === -1 ? this.tiles.length : next;
  }

  move(tile, step) {
    const place = Math.min(this.tiles.length - 1, Math.max(0, this.tiles.indexOf(tile) + step));
    const target = this.tiles[place];
    this.box(target).focus();
    target.scrollIntoView({ block: "nearest" });
  }

  // One after the other, so that the last key counts and the figures are those of the last answer.
  decide(tile, act) {
    if (act !== "reopen") this.move(tile, 1);
    tile.classList.add("is-busy");
    this.sending = (this.sending ?? Promise.resolve()).then(() => this.send(tile, act));
  }

  async send(tile, act) {
    const body = new FormData();
    body.set("csrfmiddlewaretoken", this.form.querySelector("[name=csrfmiddlewaretoken]").value);
    body.set("variant", tile.dataset.pk);
    body.set("act", act);
    try {
      const response = await fetch(location.href, { method: "POST", body, headers: { Accept: "application/json" } });
      if (!response.ok || response.redirected) throw new Error(String(response.status));
      this.show(tile, await response.json());
    } catch {
      this.say(this.root.dataset.textLost, true);
      this.box(tile).focus();
    } finally {
      tile.classList.remove("is-busy");
    }
  }

  show(tile, answer) {
    tile.dataset.review = answer.review;
    tile.querySelector(".st-tile-state").innerHTML = answer.badge;
    for (const { value, count, is_current: isCurrent } of answer.tabs) {
      this.root.querySelector(`[data-tab="${value}"] .st-tab-count`).textContent = count;
      if (isCurrent) this.root.querySelector(".st-review-count").textContent = count;
    }
    this.say(`${this.box(tile).ariaLabel ?? ""}: ${tile.querySelector(".st-tile-state").textContent}`);
  }

  redo(tile) {
    const button = this.form.querySelector("[value=redo]");
    if (!button) return;
    this.tiles.forEach((other) => (this.box(other).checked = this.box(other).checked || other === tile));
    this.form.requestSubmit(button);
  }

  say(text, isError = false) {
    this.status.textContent = text;
    this.status.classList.toggle("is-error", isError);
  }
}

const root = document.querySelector(".st-review");
if (root) new Review(root);
