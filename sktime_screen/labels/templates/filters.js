"use strict";

// Which frames are listed, and in which order.

class Filters {
  constructor(workbench) {
    const { page, labels } = workbench;
    this.workbench = workbench;
    this.show = getElement("show");
    this.order = getElement("order");
    const original = [...page.frames.keys()];
    const doubt = (frame) => page.frames[frame].uncertainty;
    this.orders = { original, doubtful: [...original].sort((a, b) => doubt(b) - doubt(a)) };
    this.tests = {
      all: () => true,
      unlabelled: (frame) => !labels.isLabelled(frame),
      labelled: (frame) => labels.isLabelled(frame),
      nobody: (frame) => labels.isNobody(frame),
    };
    const people = this.show.querySelector("optgroup");
    page.characters.forEach((name, character) => {
      if (character === page.nobody) return;
      this.tests[character] = (frame) => labels.has(frame, character);
      people.append(new Option(name, character));
    });
    if (workbench.panel.nobody) people.append(new Option(getNobodyName(page), "nobody"));
    this.options = [...this.show.options].map((option) => ({ option, words: option.text }));
    this.onchange = () => {};
    for (const list of [this.show, this.order]) this.#listen(list);
  }

  // After a choice with the mouse, the keys are for the frames again. With the arrow keys, a user
  // may go on to the next choice.
  #listen(list) {
    let byMouse = false;
    list.addEventListener("mousedown", () => (byMouse = true));
    list.addEventListener("keydown", () => (byMouse = false));
    list.addEventListener("change", () => {
      this.apply();
      if (byMouse) this.workbench.home.focus({ preventScroll: true });
    });
  }

  // Returns the frames that are to be shown now. They stay listed while their labels change, since
  // a frame that vanished at the first of two characters could not get the second.
  list() {
    return this.orders[this.order.value].filter(this.tests[this.show.value]);
  }

  apply() {
    const listed = this.list();
    if (!listed.length) {
      this.showAll();
      return;
    }
    this.workbench.endRange();
    this.workbench.selection.replace(listed);
    this.onchange();
  }

  showAll() {
    this.show.value = "all";
    this.apply();
  }

  // Tells how many frames there are to each choice, and whether the list is out of date.
  draw() {
    const { page, selection } = this.workbench;
    const frames = [...page.frames.keys()];
    for (const { option, words } of this.options) {
      const count = frames.filter(this.tests[option.value]).length;
      option.text = `${words} (${count})`;
      option.disabled = !count;
    }
    const test = this.tests[this.show.value];
    const isCurrent =
      selection.order.every(test) && frames.filter(test).length === selection.order.length;
    getElement("update-list").hidden = isCurrent;
  }
}
