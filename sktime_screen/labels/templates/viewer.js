"use strict";

// One image that can be enlarged: with the wheel, a double click, two fingers, or + and -.

const MAX_SCALE = 8;
const DOUBLE_CLICK_SCALE = 3;
const KEY_FACTOR = 1.5;
// Pixels that a finger moves sideways to get to another frame.
const SWIPE = 50;

class Viewer {
  // Where the page scrolls, the wheel enlarges only with Ctrl.
  constructor(element, { scrolls = false } = {}) {
    this.element = element;
    this.pointers = new Map();
    this.onswipe = () => {};
    this.reset();
    element.addEventListener(
      "wheel",
      (event) => {
        if (scrolls && !event.ctrlKey) return;
        const scale = this.scale;
        this.#zoom(Math.exp(-event.deltaY / 300), event);
        if (scale !== this.scale) event.preventDefault();
      },
      { passive: false },
    );
    element.addEventListener("dblclick", (event) => {
      if (this.scale > 1) this.reset();
      else this.#zoom(DOUBLE_CLICK_SCALE, event);
    });
    element.addEventListener("pointerdown", (event) => this.#start(event));
    element.addEventListener("pointermove", (event) => this.#drag(event));
    for (const end of ["pointerup", "pointercancel"]) {
      element.addEventListener(end, (event) => this.#end(event));
    }
  }

  show(image) {
    if (this.element.firstElementChild === image) return;
    this.element.firstElementChild?.remove();
    this.element.prepend(image);
    this.reset();
  }

  reset() {
    [this.scale, this.x, this.y] = [1, 0, 0];
    this.#draw();
  }

  enlarge() {
    this.#zoom(KEY_FACTOR);
  }

  reduce() {
    this.#zoom(1 / KEY_FACTOR);
  }

  // Enlarges around a point of the window, or else around the middle.
  #zoom(factor, point) {
    const box = this.element.getBoundingClientRect();
    const x = point ? point.clientX - box.left : box.width / 2;
    const y = point ? point.clientY - box.top : box.height / 2;
    const scale = Math.min(Math.max(this.scale * factor, 1), MAX_SCALE);
    this.x = x - ((x - this.x) * scale) / this.scale;
    this.y = y - ((y - this.y) * scale) / this.scale;
    this.scale = scale;
    this.#draw();
  }

  #draw() {
    const { clientWidth, clientHeight, firstElementChild: image } = this.element;
    const limit = (offset, size) => Math.min(0, Math.max(offset, size * (1 - this.scale)));
    this.x = limit(this.x, clientWidth);
    this.y = limit(this.y, clientHeight);
    this.element.classList.toggle("enlarged", this.scale > 1);
    if (!image) return;
    image.style.transform =
      this.scale > 1 ? `translate(${this.x}px, ${this.y}px) scale(${this.scale})` : "";
  }

  #start(event) {
    if (event.button) return;
    this.pointers.set(event.pointerId, event);
    this.begin = this.pointers.size === 1 ? event : null;
    // A mouse may leave the image while it drags it.
    this.element.setPointerCapture(event.pointerId);
  }

  #drag(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const other = [...this.pointers.values()].find(({ pointerId }) => pointerId !== event.pointerId);
    this.pointers.set(event.pointerId, event);
    if (other) {
      const distance = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
      const middle = {
        clientX: (event.clientX + other.clientX) / 2,
        clientY: (event.clientY + other.clientY) / 2,
      };
      this.#zoom(distance(event) / Math.max(distance(before), 1), middle);
    } else if (this.scale > 1) {
      this.x += event.clientX - before.clientX;
      this.y += event.clientY - before.clientY;
      this.#draw();
    }
  }

  #end(event) {
    if (!this.pointers.delete(event.pointerId)) return;
    if (event.type !== "pointerup" || event.pointerType === "mouse") return;
    if (this.scale > 1 || !this.begin) return;
    const x = event.clientX - this.begin.clientX;
    const y = event.clientY - this.begin.clientY;
    if (Math.abs(x) > SWIPE && Math.abs(x) > 2 * Math.abs(y)) this.onswipe(x > 0 ? -1 : 1);
  }
}
