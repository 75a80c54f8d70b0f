"use strict";

// The current frame, larger, and a button for everything that can be said about it.

const LETTERS = "qwertyiopasdfghjklzxcvbnm";

// The keys of the characters: 1 to 9, then letters but for u, which undoes.
function keysOf(page) {
  const free = [..."123456789", ...LETTERS];
  return page.characters.map((_, character) =>
    character === page.nobody ? "0" : (free.shift() ?? ""),
  );
}

class Panel {
  constructor(element, page, labels, selection) {
    this.element = element;
    this.page = page;
    this.labels = labels;
    this.selection = selection;
    this.image = element.querySelector("img");
    this.oncharacter = () => {};
    this.onnobody = () => {};
    const list = element.querySelector(".characters");
    const keys = keysOf(page);
    this.buttons = page.characters.map((name, character) =>
      character === page.nobody ? null : this.#button(name, keys[character], tone(character)),
    );
    this.buttons.forEach((button, character) => {
      button?.addEventListener("click", () => this.oncharacter(character));
    });
    list.append(...this.buttons.filter(Boolean));
    if (page.multilabel || page.nobody !== null) {
      this.nobody = this.#button(nobodyName(page), "0", "nobody");
      this.nobody.addEventListener("click", () => this.onnobody());
      list.append(this.nobody);
    }
  }

  #button(name, key, look) {
    const button = document.getElementById("character").content.firstElementChild.cloneNode(true);
    button.classList.add(look);
    button.querySelector("kbd").textContent = key;
    button.querySelector(".name").textContent = name;
    if (key) button.setAttribute("aria-keyshortcuts", key);
    return button;
  }

  draw() {
    const { page, labels, selection } = this;
    const frame = selection.frame;
    const { video, time, image, percent } = page.frames[frame];
    const state = describe(page, labels, frame);
    const text = (name, value) => {
      this.element.querySelector(name).textContent = value;
    };
    if (this.image.src !== image) this.image.src = image;
    this.image.alt = `${page.videos[video]} at ${clock(time)}`;
    text(".video", page.videos[video]);
    text(".time", clock(time));
    text(".number", `${selection.place + 1} of ${page.frames.length}`);
    const frames = selection.frames;
    text(".state", frames.length > 1 ? `${frames.length} frames selected` : state.label);
    this.element.dataset.state = frames.length > 1 ? "range" : state.kind;
    const share = (button, character) => {
      button.querySelector(".percent").textContent = `${percent[character]} %`;
    };
    this.buttons.forEach((button, character) => {
      if (!button) return;
      this.#press(button, frames, (each) => labels.has(each, character));
      if (percent) share(button, character);
    });
    if (this.nobody) {
      this.#press(this.nobody, frames, (each) => labels.isNobody(each));
      if (percent && page.nobody !== null) share(this.nobody, page.nobody);
    }
  }

  #press(button, frames, holds) {
    const number = frames.filter(holds).length;
    const pressed = number === frames.length ? "true" : number ? "mixed" : "false";
    button.setAttribute("aria-pressed", pressed);
    const open = frames.some((frame) => holds(frame) && this.labels.isSuggestion(frame));
    button.classList.toggle("suggestion", open);
  }
}
