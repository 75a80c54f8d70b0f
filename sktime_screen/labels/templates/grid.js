"use strict";

// The frames as a grid of cards. Only the cards near the visible part are in the document, so that
// a thousand frames are as quick as ten.

const ROWS_BEYOND = 3;

class Grid {
  constructor(element, page, labels, selection) {
    this.element = element;
    this.space = element.firstElementChild;
    this.page = page;
    this.labels = labels;
    this.selection = selection;
    this.cards = new Map();
    this.columns = 1;
    this.awaited = false;
    this.onpick = () => {};
    element.addEventListener("scroll", () => this.#drawSoon(), { passive: true });
    element.addEventListener("click", (event) => {
      const card = event.target.closest(".card");
      if (card) this.onpick(Number(card.dataset.place), event.shiftKey);
    });
    new ResizeObserver(() => {
      this.#measure();
      this.reveal();
    }).observe(element);
    this.#measure();
  }

  // Sizes come from the style sheet, which knows wide and narrow windows.
  #measure() {
    const style = getComputedStyle(this.element);
    const length = (name) => parseFloat(style.getPropertyValue(name));
    const gap = length("--gap");
    const inner = this.element.clientWidth - 2 * gap;
    this.columns = Math.max(1, Math.floor((inner + gap) / (length("--card") + gap)));
    this.gap = gap;
    this.width = (inner + gap) / this.columns - gap;
    this.height = Math.round(this.width * this.page.aspect) + length("--caption");
    const rows = Math.ceil(this.page.frames.length / this.columns);
    this.space.style.height = `${rows * (this.height + gap) + gap}px`;
    this.space.style.setProperty("--aspect", 1 / this.page.aspect);
    this.draw();
  }

  get rowsVisible() {
    return Math.max(1, Math.floor(this.element.clientHeight / (this.height + this.gap)));
  }

  #drawSoon() {
    if (this.awaited) return;
    this.awaited = true;
    requestAnimationFrame(() => {
      this.awaited = false;
      this.draw();
    });
  }

  draw() {
    const step = this.height + this.gap;
    const top = this.element.scrollTop;
    const first = Math.max(0, Math.floor(top / step) - ROWS_BEYOND) * this.columns;
    const bottom = Math.ceil((top + this.element.clientHeight) / step) + ROWS_BEYOND;
    const last = Math.min(this.page.frames.length, bottom * this.columns);
    for (const [place, card] of this.cards) {
      if (place >= first && place < last) continue;
      card.remove();
      this.cards.delete(place);
    }
    for (let place = first; place < last; place++) {
      const card = this.cards.get(place) ?? this.#add(place);
      const [row, column] = [Math.floor(place / this.columns), place % this.columns];
      const x = this.gap + column * (this.width + this.gap);
      card.style.width = `${this.width}px`;
      card.style.height = `${this.height}px`;
      card.style.transform = `translate(${x}px, ${this.gap + row * step}px)`;
      this.#fill(card, place);
    }
    this.element.setAttribute("aria-activedescendant", `frame-${this.selection.place}`);
  }

  // After the order of the frames has changed.
  redraw() {
    this.space.replaceChildren();
    this.cards.clear();
    this.reveal();
    this.draw();
  }

  #add(place) {
    const card = document.getElementById("card").content.firstElementChild.cloneNode(true);
    card.id = `frame-${place}`;
    card.dataset.place = place;
    card.setAttribute("aria-setsize", this.page.frames.length);
    card.setAttribute("aria-posinset", place + 1);
    card.querySelector("img").src = this.page.frames[this.selection.order[place]].image;
    this.space.append(card);
    this.cards.set(place, card);
    return card;
  }

  #fill(card, place) {
    const frame = this.selection.order[place];
    card.classList.toggle("current", place === this.selection.place);
    card.setAttribute("aria-selected", this.selection.includes(place));
    const state = describe(this.page, this.labels, frame);
    // The same label needs no new chips: most cards stay as they are when one changes.
    if (card.getAttribute("aria-label") === state.words) return;
    card.setAttribute("aria-label", state.words);
    card.dataset.state = state.kind;
    card.querySelector(".when").textContent = clock(this.page.frames[frame].time);
    card.querySelector(".chips").replaceChildren(...chips(this.page, this.labels, frame));
  }

  // Scroll as little as shows the current card whole.
  reveal() {
    const row = Math.floor(this.selection.place / this.columns);
    const top = row * (this.height + this.gap);
    const bottom = top + this.height + 2 * this.gap - this.element.clientHeight;
    const { scrollTop } = this.element;
    if (top < scrollTop) this.element.scrollTop = top;
    else if (bottom > scrollTop) this.element.scrollTop = Math.min(top, bottom);
  }
}

function clock(seconds) {
  const tenths = Math.round(seconds * 10);
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(tenths / 36000), Math.floor(tenths / 600) % 60];
  const rest = two(Math.floor(tenths / 10) % 60) + (tenths % 10 ? `.${tenths % 10}` : "");
  return hours ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}

// A frame's label in words, for the eye and for screen readers.
function describe(page, labels, frame) {
  const present = labels.shown(frame);
  const who = present?.map((character) => page.characters[character]).join(", ") || nobodyName(page);
  let [kind, words] = ["open", "not labelled"];
  if (labels.isLabelled(frame)) [kind, words] = ["labelled", `labelled: ${who}`];
  else if (labels.isSuggestion(frame)) [kind, words] = ["suggested", `suggested: ${who}`];
  const { video, time } = page.frames[frame];
  return { kind, label: words, words: `${page.videos[video]}, ${clock(time)}, ${words}` };
}

function nobodyName(page) {
  return page.nobody === null ? "Nobody" : page.characters[page.nobody];
}

function chips(page, labels, frame) {
  const chip = (text, tone) => {
    const element = document.createElement("span");
    element.className = `chip ${tone}`;
    element.textContent = text;
    return element;
  };
  const present = labels.shown(frame);
  if (present === null) return [chip("not labelled", "none")];
  if (!present.length) return [chip(nobodyName(page), "nobody")];
  return present.map((character) => chip(page.characters[character], tone(character)));
}

function tone(character) {
  return `tone-${character % 8}`;
}
