"use strict";

// What is known about each frame, and the way back. Knows nothing of the page.
//
// The label of a frame is a sorted list of the numbers of the characters in it. An empty list says
// that nobody is there. A frame that is not labelled has UNTOUCHED, which lets a suggestion show, or
// DISMISSED, after the last character of a suggestion or label was switched off.

const UNTOUCHED = null;
const DISMISSED = false;

class Labels {
  constructor(frames, multilabel) {
    this.suggested = frames.map((frame) => frame.suggested ?? null);
    this.given = frames.map((frame) => frame.given);
    this.states = [...this.given];
    this.multilabel = multilabel;
    this.done = [];
    this.undone = [];
    this.onchange = () => {};
  }

  isLabelled(frame) {
    return Array.isArray(this.states[frame]);
  }

  isSuggestion(frame) {
    return this.states[frame] === UNTOUCHED && this.suggested[frame] !== null;
  }

  // The characters to show: labelled or suggested, or null where nothing is known.
  shown(frame) {
    if (this.isLabelled(frame)) return this.states[frame];
    return this.isSuggestion(frame) ? this.suggested[frame] : null;
  }

  has(frame, character) {
    return this.shown(frame)?.includes(character) ?? false;
  }

  isNobody(frame) {
    return this.shown(frame)?.length === 0;
  }

  get count() {
    return this.states.filter(Array.isArray).length;
  }

  // With several characters a frame, one that all these frames have is switched off, else on.
  toggle(frames, character) {
    if (!this.multilabel) return this.change(frames, () => [character]);
    const everywhere = frames.every((frame) => this.has(frame, character));
    return this.change(frames, (frame) => {
      const others = (this.shown(frame) ?? []).filter((other) => other !== character);
      if (everywhere) return others.length ? others : DISMISSED;
      return [...others, character].sort((a, b) => a - b);
    });
  }

  setNobody(frames) {
    return this.change(frames, () => []);
  }

  confirm(frames) {
    return this.change(frames, (frame) =>
      this.isSuggestion(frame) ? this.suggested[frame] : this.states[frame],
    );
  }

  clear(frames) {
    return this.change(frames, () => UNTOUCHED);
  }

  // Returns whether anything is other than before.
  change(frames, stateOf) {
    const before = new Map();
    for (const frame of frames) {
      const state = stateOf(frame);
      if (JSON.stringify(state) === JSON.stringify(this.states[frame])) continue;
      before.set(frame, this.states[frame]);
      this.states[frame] = state;
    }
    if (!before.size) return false;
    this.done.push(before);
    this.undone = [];
    this.onchange();
    return true;
  }

  // Both return the frames that changed.
  undo() {
    return this.#swap(this.done, this.undone);
  }

  redo() {
    return this.#swap(this.undone, this.done);
  }

  #swap(from, to) {
    const states = from.pop();
    if (!states) return [];
    const before = new Map();
    for (const [frame, state] of states) {
      before.set(frame, this.states[frame]);
      this.states[frame] = state;
    }
    to.push(before);
    this.onchange();
    return [...states.keys()];
  }

  // What was kept from another visit, or came from another tab.
  restore(states) {
    this.states = states;
    this.done = [];
    this.undone = [];
  }
}
