// The brush on a photo: pointer, touch and keyboard, zoom, undo, and saving both layers as PNG.

import { Layer } from "./mask-layer.js";

const LONGEST_SIDE = 1024;
const COLOURS = { subject: [30, 120, 255], areas: [255, 120, 0] };

class Editor {
  constructor(root) {
    this.root = root;
    this.texts = root.dataset;
    this.tools = root.querySelector(".st-mask-tools");
    this.window = root.querySelector(".st-mask-window");
    this.stage = root.querySelector(".st-mask-stage");
    this.canvas = root.querySelector("canvas");
    this.photo = root.querySelector("img");
    this.status = root.querySelector(".st-mask-status");
    this.pointers = new Map();
    this.isErasing = false;
    this.isKeyDown = false;
  }

  async start() {
    await this.photo.decode();
    const scale = Math.min(1, LONGEST_SIDE / Math.max(this.photo.naturalWidth, this.photo.naturalHeight));
    this.canvas.width = Math.max(1, Math.round(this.photo.naturalWidth * scale));
    this.canvas.height = Math.max(1, Math.round(this.photo.naturalHeight * scale));
    this.context = this.canvas.getContext("2d");
    // At zoom 1 all of the photo is seen, however it is shaped.
    this.window.style.maxWidth = `min(100%, calc(68vh * ${this.canvas.width / this.canvas.height}))`;
    this.layers = {};
    for (const [name, colour] of Object.entries(COLOURS)) {
      this.layers[name] = new Layer(this.canvas.width, this.canvas.height, colour);
      await this.layers[name].load(this.texts[`${name}Url`]);
    }
    this.cursor = { x: this.canvas.width / 2, y: this.canvas.height / 2 };
    this.tools.hidden = this.canvas.hidden = false;
    this.size.max = Math.round(Math.max(this.canvas.width, this.canvas.height) / 4);
    this.listen();
    this.draw();
  }

  get layer() {
    return this.layers[this.tools.querySelector("[name=layer]:checked").value];
  }

  get size() {
    return this.tools.querySelector("[name=size]");
  }

  get zoom() {
    return this.tools.querySelector("[name=zoom]");
  }

  listen() {
    const acts = { undo: () => this.layer.undo(), redo: () => this.layer.redo(), clear: () => this.layer.clear(), save: () => this.save() };
    for (const button of this.tools.querySelectorAll("[data-act]")) {
      button.addEventListener("click", () => {
        acts[button.dataset.act]();
        this.draw();
      });
    }
    this.tools.addEventListener("change", (event) => {
      if (event.target.name === "tool") this.isErasing = event.target.value === "erase";
      this.draw();
    });
    this.zoom.addEventListener("input", () => this.zoomTo(this.zoom.valueAsNumber));
    this.canvas.addEventListener("pointerdown", (event) => this.down(event));
    this.canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) this.canvas.addEventListener(name, (event) => this.up(event));
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    this.canvas.addEventListener("keyup", (event) => event.key === " " && this.release());
    this.canvas.addEventListener("blur", () => this.release());
    window.addEventListener("beforeunload", (event) => this.isChanged() && event.preventDefault());
  }

  // Where on the canvas a pointer is, in its pixels.
  place(event) {
    const box = this.canvas.getBoundingClientRect();
    const scale = this.canvas.width / box.width;
    return { x: (event.clientX - box.left) * scale, y: (event.clientY - box.top) * scale };
  }

  down(event) {
    if (event.button) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (this.pointers.size > 1) {
      this.layer.cancel();
      this.pinch = this.spread();
    } else {
      const { x, y } = this.place(event);
      this.layer.begin(x, y, this.size.valueAsNumber, this.isErasing);
    }
    this.draw();
  }

  move(event) {
    this.cursor = this.place(event);
    if (this.pointers.has(event.pointerId)) {
      this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      if (this.pointers.size > 1) this.follow();
      else if (!this.pinch) for (const one of event.getCoalescedEvents?.() ?? [event]) this.layer.to(...Object.values(this.place(one)));
    }
    this.draw();
  }

  up(event) {
    this.pointers.delete(event.pointerId);
    if (!this.pointers.size) {
      this.pinch = null;
      this.layer.end();
    }
    this.draw();
  }

  spread() {
    const [one, other] = [...this.pointers.values()];
    return {
      x: (one.x + other.x) / 2,
      y: (one.y + other.y) / 2,
      distance: Math.max(1, Math.hypot(one.x - other.x, one.y - other.y)),
    };
  }

  // Two fingers: zoom by their distance, move with their middle.
  follow() {
    const now = this.spread();
    this.zoomTo(this.zoom.valueAsNumber * (now.distance / this.pinch.distance), now);
    this.window.scrollLeft -= now.x - this.pinch.x;
    this.window.scrollTop -= now.y - this.pinch.y;
    this.pinch = now;
  }

  // The place under ``centre`` (on the screen) stays where it is.
  zoomTo(wanted, centre) {
    const box = this.window.getBoundingClientRect();
    const { x, y } = centre ?? { x: box.left + box.width / 2, y: box.top + box.height / 2 };
    const before = this.stage.getBoundingClientRect();
    const share = { x: (x - before.left) / before.width, y: (y - before.top) / before.height };
    const zoom = Math.min(Number(this.zoom.max), Math.max(1, wanted));
    this.zoom.value = zoom;
    this.stage.style.width = `${zoom * 100}%`;
    const after = this.stage.getBoundingClientRect();
    this.window.scrollLeft += after.left + share.x * after.width - x;
    this.window.scrollTop += after.top + share.y * after.height - y;
  }

  key(event) {
    const step = Math.max(2, this.size.valueAsNumber / 4) * (event.shiftKey ? 6 : 1);
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    const isControlled = event.ctrlKey || event.metaKey;
    if (moves[event.key]) this.step(...moves[event.key]);
    else if (isControlled && event.key === "z") this.layer.undo();
    else if (isControlled && event.key === "y") this.layer.redo();
    else if (isControlled) return;
    else if (event.key === " ") this.press(event);
    else if (event.key === "e" || event.key === "E") this.turn();
    else if (event.key === "[") this.size.value = this.size.valueAsNumber * 0.8;
    else if (event.key === "]") this.size.value = this.size.valueAsNumber * 1.25;
    else if (event.key === "+") this.zoomTo(this.zoom.valueAsNumber * 1.25);
    else if (event.key === "-") this.zoomTo(this.zoom.valueAsNumber / 1.25);
    else return;
    event.preventDefault();
    this.draw();
  }

  step(right, down) {
    this.cursor.x = Math.min(this.canvas.width, Math.max(0, this.cursor.x + right));
    this.cursor.y = Math.min(this.canvas.height, Math.max(0, this.cursor.y + down));
    if (this.isKeyDown) this.layer.to(this.cursor.x, this.cursor.y);
    this.showCursor();
  }

  press(event) {
    if (event.repeat || this.isKeyDown) return;
    this.isKeyDown = true;
    this.layer.begin(this.cursor.x, this.cursor.y, this.size.valueAsNumber, this.isErasing);
  }

  release() {
    if (!this.isKeyDown) return;
    this.isKeyDown = false;
    this.layer.end();
    this.draw();
  }

  turn() {
    this.isErasing = !this.isErasing;
    this.tools.querySelector(`[name=tool][value=${this.isErasing ? "erase" : "add"}]`).checked = true;
    this.say(this.isErasing ? this.texts.textErase : this.texts.textAdd);
  }

  // A brush moved by keys beyond the window scrolls it along.
  showCursor() {
    const box = this.window.getBoundingClientRect();
    const stage = this.stage.getBoundingClientRect();
    const x = stage.left + (this.cursor.x / this.canvas.width) * stage.width;
    const y = stage.top + (this.cursor.y / this.canvas.height) * stage.height;
    if (x < box.left || x > box.right) this.window.scrollLeft += x - (box.left + box.width / 2);
    if (y < box.top || y > box.bottom) this.window.scrollTop += y - (box.top + box.height / 2);
  }

  isChanged() {
    return Object.values(this.layers).some((layer) => layer.isChanged);
  }

  draw() {
    if (this.isDrawing) return;
    this.isDrawing = true;
    requestAnimationFrame(() => {
      this.isDrawing = false;
      this.show();
    });
  }

  show() {
    const { context, canvas } = this;
    context.clearRect(0, 0, canvas.width, canvas.height);
    for (const layer of Object.values(this.layers)) {
      context.globalAlpha = layer === this.layer ? 0.5 : 0.25;
      context.drawImage(layer.canvas, 0, 0);
    }
    context.globalAlpha = 1;
    for (const [colour, width] of [["#000", 3], ["#fff", 1.5]]) {
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.setLineDash(this.isErasing ? [6, 4] : []);
      context.beginPath();
      context.arc(this.cursor.x, this.cursor.y, this.size.valueAsNumber / 2, 0, 2 * Math.PI);
      context.stroke();
    }
    const acts = { undo: this.layer.done.length, redo: this.layer.undone.length, save: this.isChanged() && !this.isSaving };
    for (const [name, isPossible] of Object.entries(acts)) this.tools.querySelector(`[data-act=${name}]`).disabled = !isPossible;
    if (this.isChanged() && !this.isSaving && !this.status.classList.contains("is-error")) this.say(this.texts.textUnsaved);
  }

  async save() {
    this.isSaving = true;
    this.say(this.texts.textSaving);
    const changed = Object.entries(this.layers).filter(([, layer]) => layer.isChanged);
    const body = new FormData();
    body.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
    for (const [name, layer] of changed) body.set(name, await layer.png(), `${name}.png`);
    try {
      const response = await fetch(this.texts.drawUrl, { method: "POST", body, headers: { Accept: "application/json" } });
      if (!response.headers.get("Content-Type")?.includes("application/json")) throw new Error(this.texts.textLost);
      const answer = await response.json();
      if (!response.ok) throw new Error(answer.error);
      for (const [, layer] of changed) layer.isChanged = false;
      this.say(answer.text);
    } catch (error) {
      this.say(error instanceof TypeError ? this.texts.textLost : error.message, true);
    }
    this.isSaving = false;
    this.draw();
  }

  say(text, isError = false) {
    this.status.textContent = text;
    this.status.classList.toggle("is-error", isError);
  }
}

for (const root of document.querySelectorAll(".st-mask[data-draw-url]")) {
  const editor = new Editor(root);
  editor.start().catch(() => editor.say(root.dataset.textLoad, true));
}
