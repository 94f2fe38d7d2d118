// One layer of a drawing: a canvas whose opacity is the mask, strokes on it, and their undoing.
// Undo keeps the pixels under each stroke, not whole pictures, so that phones have memory enough.

const KEPT_STEPS = 60;

export class Layer {
  constructor(width, height, colour) {
    this.canvas = Object.assign(document.createElement("canvas"), { width, height });
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
    // What the canvas was before the stroke that is being drawn.
    this.before = Object.assign(document.createElement("canvas"), { width, height });
    this.beforeContext = this.before.getContext("2d", { willReadFrequently: true });
    this.colour = colour;
    this.undone = [];
    this.done = [];
    this.isChanged = false;
  }

  // Grey becomes opacity.
  async load(url) {
    if (!url) return;
    const image = new Image();
    image.src = url;
    await image.decode();
    const { width, height } = this.canvas;
    this.context.drawImage(image, 0, 0, width, height);
    const pixels = this.context.getImageData(0, 0, width, height);
    const [red, green, blue] = this.colour;
    for (let at = 0; at < pixels.data.length; at += 4) {
      const grey = pixels.data[at];
      pixels.data.set([red, green, blue, grey], at);
    }
    this.context.putImageData(pixels, 0, 0);
    this.beforeContext.clearRect(0, 0, width, height);
    this.beforeContext.drawImage(this.canvas, 0, 0);
  }

  begin(x, y, size, isErasing) {
    this.context.globalCompositeOperation = isErasing ? "destination-out" : "source-over";
    this.context.strokeStyle = this.context.fillStyle = `rgb(${this.colour.join(" ")})`;
    this.context.lineCap = this.context.lineJoin = "round";
    this.context.lineWidth = size;
    this.last = { x, y };
    this.touched = { left: x, top: y, right: x, bottom: y };
    // A line without length draws nothing, so a dab is a disc.
    this.context.beginPath();
    this.context.arc(x, y, size / 2, 0, 2 * Math.PI);
    this.context.fill();
  }

  to(x, y) {
    if (!this.last) return;
    this.context.beginPath();
    this.context.moveTo(this.last.x, this.last.y);
    this.context.lineTo(x, y);
    this.context.stroke();
    this.last = { x, y };
    const { left, top, right, bottom } = this.touched;
    this.touched = { left: Math.min(left, x), top: Math.min(top, y), right: Math.max(right, x), bottom: Math.max(bottom, y) };
  }

  end() {
    if (!this.last) return;
    this.last = null;
    const margin = this.context.lineWidth / 2 + 2;
    this.context.globalCompositeOperation = "source-over";
    this.keep(this.touched.left - margin, this.touched.top - margin, this.touched.right + margin, this.touched.bottom + margin);
  }

  cancel() {
    if (!this.last) return;
    this.last = null;
    this.context.globalCompositeOperation = "copy";
    this.context.drawImage(this.before, 0, 0);
    this.context.globalCompositeOperation = "source-over";
  }

  clear() {
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.keep(0, 0, this.canvas.width, this.canvas.height);
  }

  keep(left, top, right, bottom) {
    const x = Math.max(0, Math.floor(left));
    const y = Math.max(0, Math.floor(top));
    const width = Math.min(this.canvas.width, Math.ceil(right)) - x;
    const height = Math.min(this.canvas.height, Math.ceil(bottom)) - y;
    if (width <= 0 || height <= 0) return;
    this.done.push({ x, y, pixels: this.beforeContext.getImageData(x, y, width, height) });
    if (this.done.length > KEPT_STEPS) this.done.shift();
    this.undone = [];
    this.beforeContext.putImageData(this.context.getImageData(x, y, width, height), x, y);
    this.isChanged = true;
  }

  undo() {
    this.swap(this.done, this.undone);
  }

  redo() {
    this.swap(this.undone, this.done);
  }

  swap(from, to) {
    const step = from.pop();
    if (!step) return;
    const { x, y, pixels } = step;
    to.push({ x, y, pixels: this.context.getImageData(x, y, pixels.width, pixels.height) });
    this.context.putImageData(pixels, x, y);
    this.beforeContext.putImageData(pixels, x, y);
    this.isChanged = true;
  }

  png() {
    return new Promise((resolve) => this.canvas.toBlob(resolve, "image/png"));
  }
}
