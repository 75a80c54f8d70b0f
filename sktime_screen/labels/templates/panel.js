"use strict";

// The current frame, enlarged, with a button for each label.

const LETTERS = "qwertyiopasdfghjklzxcvbnm";

// Returns the keys of the characters: 1 to 9, then letters without u, which undoes.
function assignKeys(page) {
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
    const keys = assignKeys(page);
    this.buttons = page.characters.map((name, character) =>
      character === page.nobody ? null : this.#makeButton(name, keys[character], getTone(character)),
    );
    this.buttons.forEach((button, character) => {
      button?.addEventListener("click", () => this.oncharacter(character));
    });
    list.append(...this.buttons.filter(Boolean));
    if (page.multilabel || page.nobody !== null) {
      this.nobody = this.#makeButton(getNobodyName(page), "0", "nobody");
      this.nobody.addEventListener("click", () => this.onnobody());
      list.append(this.nobody);
    }
  }

  #makeButton(name, key, tone) {
    const button = document.getElementById("character").content.firstElementChild.cloneNode(true);
    button.classList.add(tone);
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
    const setText = (selector, text) => {
      this.element.querySelector(selector).textContent = text;
    };
    if (this.image.src !== image) this.image.src = image;
    this.image.alt = `${page.videos[video]} at ${formatTime(time)}`;
    setText(".video", page.videos[video]);
    setText(".time", formatTime(time));
    setText(".number", `${selection.place + 1} of ${page.frames.length}`);
    const frames = selection.frames;
    setText(".state", frames.length > 1 ? `${frames.length} frames selected` : state.label);
    this.element.dataset.state = frames.length > 1 ? "range" : state.kind;
    const setPercent = (button, character) => {
      button.querySelector(".percent").textContent = `${percent[character]} %`;
    };
    this.buttons.forEach((button, character) => {
      if (!button) return;
      this.#updateButton(button, frames, (each) => labels.has(each, character));
      if (percent) setPercent(button, character);
    });
    if (this.nobody) {
      this.#updateButton(this.nobody, frames, (each) => labels.isNobody(each));
      if (percent && page.nobody !== null) setPercent(this.nobody, page.nobody);
    }
  }

  #updateButton(button, frames, applies) {
    const number = frames.filter(applies).length;
    const pressed = number === frames.length ? "true" : number ? "mixed" : "false";
    button.setAttribute("aria-pressed", pressed);
    const suggested = frames.some((frame) => applies(frame) && this.labels.isSuggestion(frame));
    button.classList.toggle("suggestion", suggested);
  }
}
