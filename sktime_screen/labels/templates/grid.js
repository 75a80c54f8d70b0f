"use strict";

// The frames as a grid of cards. Only the visible cards and a few rows around them are in the
// document, so that a thousand frames are as fast as ten.

const EXTRA_ROWS = 3;

class Grid {
  constructor(element, page, labels, selection) {
    this.element = element;
    this.canvas = element.firstElementChild;
    this.page = page;
    this.labels = labels;
    this.selection = selection;
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
    const rows = Math.ceil(this.page.frames.length / this.columns);
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
    const last = Math.min(this.page.frames.length, bottom * this.columns);
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

  // Draws all cards again after the order of the frames has changed.
  redraw() {
    this.canvas.replaceChildren();
    this.cards.clear();
    this.reveal();
    this.draw();
  }

  #addCard(place) {
    const card = document.getElementById("card").content.firstElementChild.cloneNode(true);
    card.id = `frame-${place}`;
    card.dataset.place = place;
    card.setAttribute("aria-setsize", this.page.frames.length);
    card.setAttribute("aria-posinset", place + 1);
    card.querySelector("img").src = this.page.frames[this.selection.order[place]].image;
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

function formatTime(seconds) {
  const tenths = Math.round(seconds * 10);
  const pad = (number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(tenths / 36000), Math.floor(tenths / 600) % 60];
  const rest = pad(Math.floor(tenths / 10) % 60) + (tenths % 10 ? `.${tenths % 10}` : "");
  return hours ? `${hours}:${pad(minutes)}:${rest}` : `${minutes}:${rest}`;
}

// Describes the label of a frame, for the page and for screen readers.
function describe(page, labels, frame) {
  const characters = labels.getCharacters(frame);
  const names =
    characters?.map((character) => page.characters[character]).join(", ") || getNobodyName(page);
  let [kind, label] = ["unlabelled", "not labelled"];
  if (labels.isLabelled(frame)) [kind, label] = ["labelled", `labelled: ${names}`];
  else if (labels.isSuggestion(frame)) [kind, label] = ["suggested", `suggested: ${names}`];
  const { video, time } = page.frames[frame];
  return { kind, label, description: `${page.videos[video]}, ${formatTime(time)}, ${label}` };
}

function getNobodyName(page) {
  return page.nobody === null ? "Nobody" : page.characters[page.nobody];
}

function makeChips(page, labels, frame) {
  const makeChip = (text, tone) => {
    const element = document.createElement("span");
    element.className = `chip ${tone}`;
    element.textContent = text;
    return element;
  };
  const characters = labels.getCharacters(frame);
  if (characters === null) return [makeChip("not labelled", "none")];
  if (!characters.length) return [makeChip(getNobodyName(page), "nobody")];
  return characters.map((character) =>
    makeChip(page.characters[character], getTone(character)),
  );
}

function getTone(character) {
  return `tone-${character % 8}`;
}
