"use strict";

// Connects the parts: keys, buttons, progress and storage.

// The selected frames: those from the anchor to the current place in the order.
class Selection {
  constructor(order) {
    this.order = order;
    this.place = 0;
    this.anchor = 0;
  }

  get frame() {
    return this.order[this.place];
  }

  get frames() {
    const [first, last] = [this.place, this.anchor].sort((a, b) => a - b);
    return this.order.slice(first, last + 1);
  }

  includes(place) {
    return (place - this.place) * (place - this.anchor) <= 0;
  }

  // Returns whether the selection changed.
  move(place, extend) {
    const to = Math.min(Math.max(place, 0), this.order.length - 1);
    const moved = to !== this.place || (!extend && this.anchor !== to);
    this.place = to;
    if (!extend) this.anchor = to;
    return moved;
  }
}

const page = JSON.parse(document.getElementById("data").textContent);
const getElement = (id) => document.getElementById(id);
const keys = assignKeys(page);
const original = page.frames.map((_, number) => number);
const uncertainty = [...original].sort(
  (a, b) => page.frames[b].uncertainty - page.frames[a].uncertainty,
);
const orders = { original, uncertainty };

const labels = new Labels(page.frames, page.multilabel);
const store = new BrowserStore(page.digest);
const stored = store.load();
const hasSuggestions = page.frames[0].uncertainty !== undefined;
let order = hasSuggestions ? (stored?.order ?? "uncertainty") : "original";
let saved = stored?.saved ?? null;
if (stored) labels.restore(stored.states);
const selection = new Selection(orders[order]);
if (stored) selection.move(orders[order].indexOf(stored.frame));
const grid = new Grid(getElement("grid"), page, labels, selection);
const panel = new Panel(getElement("panel"), page, labels, selection);

function isSaved() {
  return JSON.stringify(labels.states) === (saved ?? JSON.stringify(labels.initial));
}

function storeWork() {
  store.save({ states: labels.states, frame: selection.frame, order, saved });
  getElement("not-stored").hidden = store.available;
}

function announce(text) {
  getElement("announcement").textContent = text;
}

function draw() {
  grid.draw();
  panel.draw();
  const [count, all] = [labels.count, page.frames.length];
  getElement("progress").max = all;
  getElement("progress").value = count;
  getElement("count").textContent = `${count} of ${all} labelled`;
  getElement("undo").disabled = !labels.undoStack.length;
  getElement("redo").disabled = !labels.redoStack.length;
  getElement("save").disabled = !count;
  getElement("save").dataset.state = count && !isSaved() ? "unsaved" : "saved";
  document.body.classList.toggle("finished", count === all);
  getElement("finished").hidden = count < all || isSaved();
}

function moveTo(place, extend = isSelectingRange()) {
  if (!selection.move(place, extend)) return;
  grid.reveal();
  draw();
  storeWork();
}

// Moves to the next unlabelled frame, first after this one and then from the start, or else to the
// next frame.
function moveToUnlabelled() {
  const { order: frames, place } = selection;
  const places = frames.map((_, step) => (place + 1 + step) % frames.length);
  const unlabelled = places.find((each) => !labels.isLabelled(frames[each]));
  endRange();
  moveTo(unlabelled ?? place + 1, false);
}

function isSelectingRange() {
  return getElement("range").getAttribute("aria-pressed") === "true";
}

function endRange() {
  getElement("range").setAttribute("aria-pressed", "false");
}

function announceLabel() {
  const frames = selection.frames;
  const { label } = describe(page, labels, selection.frame);
  announce(frames.length > 1 ? `${frames.length} frames, the last ${label}` : label);
}

// With one class per frame, the label is complete: moves to the next frame.
function applyLabel(change) {
  change(selection.frames);
  announceLabel();
  if (page.multilabel) return;
  endRange();
  moveTo(Math.max(selection.place, selection.anchor) + 1, false);
}

const actions = {
  character: (character) => applyLabel((frames) => labels.toggle(frames, character)),
  nobody: () => applyLabel((frames) => labels.setNobody(frames)),
  confirm: () => {
    if (labels.confirm(selection.frames)) announceLabel();
    moveToUnlabelled();
  },
  clear: () => {
    if (labels.clear(selection.frames)) announceLabel();
  },
  range: () => getElement("range").setAttribute("aria-pressed", String(!isSelectingRange())),
  previous: () => moveTo(selection.place - 1),
  next: () => moveTo(selection.place + 1),
  undo: () => showChange(labels.undo(), "undone"),
  redo: () => showChange(labels.redo(), "redone"),
  save: () => {
    if (!labels.count) return;
    download(page.csv.name, formatCsv(page, labels));
    saved = JSON.stringify(labels.states);
    const unlabelled = page.frames.length - labels.count;
    const note = unlabelled ? ` Unlabelled frames (${unlabelled}) are not in the file.` : "";
    showToast(`Saved ${labels.count} labelled frames as ${page.csv.name}.${note}`);
    draw();
    storeWork();
  },
  help: () => getElement("help-dialog").showModal(),
};

// Moves to the frames that changed.
function showChange(frames, change) {
  if (!frames.length) return;
  const places = frames.map((frame) => selection.order.indexOf(frame)).sort((a, b) => a - b);
  endRange();
  if (!places.includes(selection.place)) moveTo(places[0], false);
  announce(`${frames.length} ${frames.length > 1 ? "frames" : "frame"} ${change}`);
}

let toastTimer;
function showToast(text) {
  const element = getElement("toast");
  element.textContent = text;
  element.classList.add("visible");
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => element.classList.remove("visible"), 6000);
}

const moves = {
  ArrowLeft: () => selection.place - 1,
  ArrowRight: () => selection.place + 1,
  ArrowUp: () => selection.place - grid.columns,
  ArrowDown: () => selection.place + grid.columns,
  PageUp: () => selection.place - grid.columns * grid.visibleRows,
  PageDown: () => selection.place + grid.columns * grid.visibleRows,
  Home: () => 0,
  End: () => page.frames.length - 1,
};

// Also reads a digit from its place on the keyboard: some layouts need Shift for digits, and Shift
// selects a range here.
function readCharacterKey(event) {
  const digit = /^Digit(\d)$/.exec(event.code)?.[1];
  return /^[a-z\d]$/i.test(event.key) ? event.key.toLowerCase() : digit;
}

function findCommand(event) {
  const { key } = event;
  if (event.ctrlKey || event.metaKey) {
    const letter = key.toLowerCase();
    if (letter === "z") return event.shiftKey ? actions.redo : actions.undo;
    if (letter === "y") return actions.redo;
    if (letter === "s") return actions.save;
    if (letter !== "a") return null;
    return () => {
      selection.move(0, false);
      selection.move(page.frames.length - 1, true);
      draw();
    };
  }
  if (event.altKey) return null;
  if (key in moves) return () => moveTo(moves[key](), event.shiftKey || isSelectingRange());
  if (key === "Backspace" || key === "Delete") return actions.clear;
  if (key === "?") return actions.help;
  if (key === "Escape") {
    return () => {
      endRange();
      moveTo(selection.place, false);
    };
  }
  // On a button or list, these keys have their usual effect.
  if (key === "Enter" || key === " ") {
    return event.target.closest("button, select") ? null : actions.confirm;
  }
  const letter = readCharacterKey(event);
  if (letter === "u") return actions.undo;
  if (letter === "0" && panel.nobody) return actions.nobody;
  const character = keys.indexOf(letter);
  return character >= 0 ? () => actions.character(character) : null;
}

addEventListener("keydown", (event) => {
  if (event.target.closest("select, dialog")) return;
  const run = findCommand(event);
  if (!run) return;
  event.preventDefault();
  run();
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  actions[button.dataset.action]?.();
  // After a mouse click on a button, the keys are for the frames again.
  if (event.detail && !button.closest("dialog")) grid.element.focus({ preventScroll: true });
});

panel.oncharacter = actions.character;
panel.onnobody = actions.nobody;
grid.onselect = (place, shift) => moveTo(place, shift || isSelectingRange());
labels.onchange = () => {
  draw();
  storeWork();
};

store.watch((work) => {
  saved = work.saved;
  labels.restore(work.states);
  draw();
});

addEventListener("beforeunload", (event) => {
  if (!store.available && labels.count && !isSaved()) event.preventDefault();
});

getElement("order").addEventListener("change", (event) => {
  const { frame } = selection;
  order = event.target.value;
  selection.order = orders[order];
  endRange();
  selection.move(selection.order.indexOf(frame), false);
  grid.redraw();
  draw();
  storeWork();
});

getElement("title").textContent =
  page.videos.length === 1 ? page.videos[0] : `${page.videos.length} videos`;
getElement("order-choice").hidden = !hasSuggestions;
getElement("order").value = order;
grid.element.focus({ preventScroll: true });
grid.reveal();
draw();
storeWork();
