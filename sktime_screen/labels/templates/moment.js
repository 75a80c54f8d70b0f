"use strict";

// The moments around the current frame: one and two seconds before and after, and a loop.

const LOOP_MILLISECONDS = 333;
const STILLS = [-2, -1, 1, 2];

class Moment {
  constructor(element, images) {
    this.element = element;
    this.images = images;
    this.isOpen = false;
    this.cells = Object.fromEntries(
      [...element.children].map((cell) => [cell.dataset.offset ?? "loop", cell]),
    );
    for (const image of element.querySelectorAll("img")) {
      image.addEventListener("load", () => {
        const { naturalWidth, naturalHeight, dataset } = image;
        image.parentElement.style.aspectRatio = (naturalWidth * dataset.count) / naturalHeight;
      });
    }
    setInterval(() => this.#step(), LOOP_MILLISECONDS);
  }

  toggle() {
    this.isOpen = !this.isOpen;
    this.element.hidden = !this.isOpen;
    this.frame = null;
    if (!this.isOpen) this.player?.stop();
  }

  // Whether there is more to show than the frame itself; what is open can always be closed.
  isKnown(frame) {
    return this.isOpen || Boolean(this.player) || this.images.getMoments(frame).length > 1;
  }

  show(frame) {
    if (!this.isOpen || this.frame === frame) return;
    this.frame = frame;
    const moments = this.images.getMoments(frame);
    for (const offset of STILLS) {
      this.#put(this.cells[offset], moments.find((moment) => moment.offset === offset));
    }
    this.loop = moments.filter(({ offset }) => Math.abs(offset) <= 1);
    this.place = 0;
    this.player?.show(frame);
    this.#put(this.cells.loop, this.loop.find(({ offset }) => offset === 0));
  }

  // Shows the next image of the loop, unless the user has asked for no motion.
  #step() {
    if (!this.isOpen || !this.loop?.length) return;
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    this.place = (this.place + 1) % this.loop.length;
    this.#put(this.cells.loop, this.loop[this.place]);
  }

  #put(cell, moment) {
    const image = cell.querySelector("img");
    cell.classList.toggle("absent", !moment);
    if (!moment) return;
    const { src, place, count } = moment;
    image.dataset.count = count;
    if (image.getAttribute("src") !== src) image.src = src;
    image.style.transform = `translateY(${(-100 * place) / count}%)`;
  }
}
