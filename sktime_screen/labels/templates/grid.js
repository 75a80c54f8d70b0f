"use strict";

// The frames as a grid of cards. Only the visible cards and a few rows around them are in the
// document, so that a thousand frames are as fast as ten.

const EXTRA_ROWS = 3;

class Grid {
  constructor(element, { page, labels, selection, images }) {
    this.element = element;
    this.canvas = element.firstElementChild;
    this.page = page;
    this.labels = labels;
    this.selection = selection;
    this.images = images;
    this.cards = new Map();
    this.columns = 1;
    this.drawScheduled = false;
    this.onselect = () => {};
    element.addEventListener("scroll", () => this.#scheduleDraw(), { passive: true });
    element.addEventListener("click", (event) => {
      const card = event.target.closest(".card");
      if (card) this.onselect(Number(card.dataset.place), event.shiftKey);
    });
    new ResizeObserver(() => {
      this.#measure();
      this.reveal();
    }).observe(element);
    this.#measure();
  }

  // The style sheet sets the sizes, for wide and narrow windows.
  #measure() {
    const style = getComputedStyle(this.element);
    const readLength = (name) => parseFloat(style.getPropertyValue(name));
    const gap = readLength("--gap");
    const inner = this.element.clientWidth - 2 * gap;
    this.columns = Math.max(1, Math.floor((inner + gap) / (readLength("--card") + gap)));
    this.gap = gap;
    this.width = (inner + gap) / this.columns - gap;
    this.height = Math.round(this.width * this.page.aspect) + readLength("--caption");
    const rows = Math.ceil(this.selection.order.length / this.columns);
    this.canvas.style.height = `${rows * (this.height + gap) + gap}px`;
    this.canvas.style.setProperty("--aspect", 1 / this.page.aspect);
    this.draw();
  }

  get visibleRows() {
    return Math.max(1, Math.floor(this.element.clientHeight / (this.height + this.gap)));
  }

  #scheduleDraw() {
    if (this.drawScheduled) return;
    this.drawScheduled = true;
    requestAnimationFrame(() => {
      this.drawScheduled = false;
      this.draw();
    });
  }

  draw() {
    const step = this.height + this.gap;
    const top = this.element.scrollTop;
    const first = Math.max(0, Math.floor(top / step) - EXTRA_ROWS) * this.columns;
    const bottom = Math.ceil((top + this.element.clientHeight) / step) + EXTRA_ROWS;
    const last = Math.min(this.selection.order.length, bottom * this.columns);
    for (const [place, card] of this.cards) {
      if (place >= first && place < last) continue;
      card.remove();
      this.cards.delete(place);
    }
    for (let place = first; place < last; place++) {
      const card = this.cards.get(place) ?? this.#addCard(place);
      const [row, column] = [Math.floor(place / this.columns), place % this.columns];
      const x = this.gap + column * (this.width + this.gap);
      card.style.width = `${this.width}px`;
      card.style.height = `${this.height}px`;
      card.style.transform = `translate(${x}px, ${this.gap + row * step}px)`;
      this.#updateCard(card, place);
    }
    this.element.setAttribute("aria-activedescendant", `frame-${this.selection.place}`);
  }

  // Draws all cards again after other frames are listed, or in another order.
  redraw() {
    this.canvas.replaceChildren();
    this.cards.clear();
    this.#measure();
    this.reveal();
    this.draw();
  }

  #addCard(place) {
    const card = document.getElementById("frame-card").content.firstElementChild.cloneNode(true);
    card.id = `frame-${place}`;
    card.dataset.place = place;
    card.setAttribute("aria-setsize", this.selection.order.length);
    card.setAttribute("aria-posinset", place + 1);
    card.querySelector("img").src = this.images.getThumbnail(this.selection.order[place]);
    this.canvas.append(card);
    this.cards.set(place, card);
    return card;
  }

  #updateCard(card, place) {
    const frame = this.selection.order[place];
    card.classList.toggle("current", place === this.selection.place);
    card.setAttribute("aria-selected", this.selection.includes(place));
    const state = describe(this.page, this.labels, frame);
    // Most cards keep their label when one changes.
    if (card.getAttribute("aria-label") === state.description) return;
    card.setAttribute("aria-label", state.description);
    card.dataset.state = state.kind;
    card.querySelector(".timestamp").textContent = formatTime(this.page.frames[frame].time);
    card.querySelector(".chips").replaceChildren(...makeChips(this.page, this.labels, frame));
  }

  // Scrolls until the whole current card is visible.
  reveal() {
    const row = Math.floor(this.selection.place / this.columns);
    const top = row * (this.height + this.gap);
    const bottom = top + this.height + 2 * this.gap - this.element.clientHeight;
    const { scrollTop } = this.element;
    if (top < scrollTop) this.element.scrollTop = top;
    else if (bottom > scrollTop) this.element.scrollTop = Math.min(top, bottom);
  }
}

// Returns a grid that shows what a workbench labels, and where its keys move.
function connectGrid(workbench, element) {
  const { selection, moves } = workbench;
  const grid = new Grid(element, workbench);
  grid.onselect = (place, shift) => workbench.moveTo(place, shift || workbench.isSelectingRange);
  workbench.ondraw = () => grid.draw();
  workbench.onmove = () => grid.reveal();
  moves.ArrowUp = () => selection.place - grid.columns;
  moves.ArrowDown = () => selection.place + grid.columns;
  moves.PageUp = () => selection.place - grid.columns * grid.visibleRows;
  moves.PageDown = () => selection.place + grid.columns * grid.visibleRows;
  return grid;
}
