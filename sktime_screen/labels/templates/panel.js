"use strict";

// The current frame, enlarged, with a button for each label.

class Panel {
  constructor(element, { page, labels, selection, images }, viewerOptions) {
    this.element = element;
    this.page = page;
    this.labels = labels;
    this.selection = selection;
    this.images = images;
    this.viewer = new Viewer(element.querySelector(".viewer"), viewerOptions);
    this.moment = new Moment(element.querySelector(".moment"), images);
    element.style.setProperty("--aspect", 1 / page.aspect);
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
    button.title = name;
    button.querySelector("kbd").textContent = key;
    button.querySelector(".name").textContent = name;
    if (key) button.setAttribute("aria-keyshortcuts", key);
    return button;
  }

  toggleMoment() {
    this.moment.toggle();
    const button = this.element.querySelector("[data-action=moment]");
    button.setAttribute("aria-pressed", this.moment.isOpen);
    this.element.classList.toggle("with-moment", this.moment.isOpen);
    this.draw();
  }

  draw() {
    const { page, labels, selection, images } = this;
    const { frame, order, place } = selection;
    const { video, time, percent } = page.frames[frame];
    const state = describe(page, labels, frame);
    const setText = (selector, text) => {
      this.element.querySelector(selector).textContent = text;
    };
    const image = images.getElement(frame);
    image.alt = `${page.videos[video]} at ${formatTime(time)}`;
    this.viewer.show(image);
    this.moment.show(frame);
    this.element.querySelector("[data-action=moment]").disabled = !this.moment.isKnown(frame);
    // The neighbours are decoded before they are shown.
    for (const near of [order[place - 1], order[place + 1]]) {
      if (near !== undefined) images.getElement(near);
    }
    setText(".video", page.videos[video]);
    setText(".time", formatTime(time));
    setText(".number", `${place + 1} of ${order.length}`);
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
