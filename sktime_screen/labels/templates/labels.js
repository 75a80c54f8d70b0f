"use strict";

// The labels of the frames, with undo and redo. Independent of the page.
//
// The label of a frame is a sorted list of the numbers of its characters. An empty list means that
// nobody is there. An unlabelled frame has UNLABELLED, which shows its suggestion, or DISMISSED,
// which does not: the user removed the last character of its suggestion or label.

const UNLABELLED = null;
const DISMISSED = false;

class Labels {
  constructor(frames, multilabel) {
    this.suggested = frames.map((frame) => frame.suggested ?? null);
    this.initial = frames.map((frame) => frame.label);
    this.states = [...this.initial];
    this.multilabel = multilabel;
    this.undoStack = [];
    this.redoStack = [];
    this.onchange = () => {};
  }

  isLabelled(frame) {
    return Array.isArray(this.states[frame]);
  }

  isSuggestion(frame) {
    return this.states[frame] === UNLABELLED && this.suggested[frame] !== null;
  }

  // The labelled or suggested characters, or null without a label or suggestion.
  getCharacters(frame) {
    if (this.isLabelled(frame)) return this.states[frame];
    return this.isSuggestion(frame) ? this.suggested[frame] : null;
  }

  has(frame, character) {
    return this.getCharacters(frame)?.includes(character) ?? false;
  }

  isNobody(frame) {
    return this.getCharacters(frame)?.length === 0;
  }

  get count() {
    return this.states.filter(Array.isArray).length;
  }

  // Removes a character that all these frames have, else adds it to all.
  toggle(frames, character) {
    if (!this.multilabel) return this.change(frames, () => [character]);
    const everywhere = frames.every((frame) => this.has(frame, character));
    return this.change(frames, (frame) => {
      const others = (this.getCharacters(frame) ?? []).filter((other) => other !== character);
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
    return this.change(frames, () => UNLABELLED);
  }

  // Returns whether anything changed.
  change(frames, stateOf) {
    const before = new Map();
    for (const frame of frames) {
      const state = stateOf(frame);
      if (JSON.stringify(state) === JSON.stringify(this.states[frame])) continue;
      before.set(frame, this.states[frame]);
      this.states[frame] = state;
    }
    if (!before.size) return false;
    this.undoStack.push(before);
    this.redoStack = [];
    this.onchange();
    return true;
  }

  // Both return the frames that changed.
  undo() {
    return this.#swap(this.undoStack, this.redoStack);
  }

  redo() {
    return this.#swap(this.redoStack, this.undoStack);
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

  // Takes over the labels of an earlier visit or another tab.
  restore(states) {
    this.states = states;
    this.undoStack = [];
    this.redoStack = [];
  }
}
