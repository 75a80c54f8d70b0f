"use strict";

// Puts the parts together: keys, buttons, progress, keeping.

// Which places of the order are taken: from the anchor to the current place.
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

  // Returns whether the place is another than before.
  move(place, extend) {
    const to = Math.min(Math.max(place, 0), this.order.length - 1);
    const moved = to !== this.place || (!extend && this.anchor !== to);
    this.place = to;
    if (!extend) this.anchor = to;
    return moved;
  }
}

const page = JSON.parse(document.getElementById("data").textContent);
const byName = (id) => document.getElementById(id);
const keys = keysOf(page);
const inTime = page.frames.map((_, number) => number);
const byDoubt = [...inTime].sort((a, b) => page.frames[b].doubt - page.frames[a].doubt);
const orders = { time: inTime, doubt: byDoubt };

const labels = new Labels(page.frames, page.multilabel);
const store = new BrowserStore(page.digest);
const kept = store.load();
const suggests = page.frames[0].doubt !== undefined;
let order = suggests ? (kept?.order ?? "doubt") : "time";
let saved = kept?.saved ?? null;
if (kept) labels.restore(kept.states);
const selection = new Selection(orders[order]);
if (kept) selection.move(orders[order].indexOf(kept.frame));
const grid = new Grid(byName("grid"), page, labels, selection);
const panel = new Panel(byName("panel"), page, labels, selection);

function isSaved() {
  return JSON.stringify(labels.states) === (saved ?? JSON.stringify(labels.given));
}

function keep() {
  store.save({ states: labels.states, frame: selection.frame, order, saved });
  byName("refused").hidden = store.works;
}

function say(words) {
  byName("said").textContent = words;
}

function draw() {
  grid.draw();
  panel.draw();
  const [count, all] = [labels.count, page.frames.length];
  byName("progress").max = all;
  byName("progress").value = count;
  byName("count").textContent = `${count} of ${all} labelled`;
  byName("undo").disabled = !labels.done.length;
  byName("redo").disabled = !labels.undone.length;
  byName("save").disabled = !count;
  byName("save").dataset.state = count && !isSaved() ? "unsaved" : "saved";
  document.body.classList.toggle("finished", count === all);
  byName("finished").hidden = count < all || isSaved();
}

function go(place, extend = ranging()) {
  if (!selection.move(place, extend)) return;
  grid.reveal();
  draw();
  keep();
}

// The next frame that is not labelled, after this one and then from the beginning; else the next.
function goOn() {
  const { order: frames, place } = selection;
  const places = frames.map((_, step) => (place + 1 + step) % frames.length);
  const open = places.find((each) => !labels.isLabelled(frames[each]));
  endRange();
  go(open ?? place + 1, false);
}

function ranging() {
  return byName("range").getAttribute("aria-pressed") === "true";
}

function endRange() {
  byName("range").setAttribute("aria-pressed", "false");
}

function sayLabel() {
  const frames = selection.frames;
  const { label } = describe(page, labels, selection.frame);
  say(frames.length > 1 ? `${frames.length} frames, the last ${label}` : label);
}

// One class a frame is a whole answer: on to the next.
function answer(change) {
  change(selection.frames);
  sayLabel();
  if (page.multilabel) return;
  endRange();
  go(Math.max(selection.place, selection.anchor) + 1, false);
}

const actions = {
  character: (character) => answer((frames) => labels.toggle(frames, character)),
  nobody: () => answer((frames) => labels.setNobody(frames)),
  confirm: () => {
    if (labels.confirm(selection.frames)) sayLabel();
    goOn();
  },
  clear: () => {
    if (labels.clear(selection.frames)) sayLabel();
  },
  range: () => byName("range").setAttribute("aria-pressed", String(!ranging())),
  previous: () => go(selection.place - 1),
  next: () => go(selection.place + 1),
  undo: () => back(labels.undo(), "undone"),
  redo: () => back(labels.redo(), "done again"),
  save: () => {
    if (!labels.count) return;
    download(page.csv.name, toCsv(page, labels));
    saved = JSON.stringify(labels.states);
    const left = page.frames.length - labels.count;
    const rest = left ? ` ${left} not labelled were left out.` : "";
    toast(`Saved ${labels.count} labelled frames as ${page.csv.name}.${rest}`);
    draw();
    keep();
  },
  help: () => byName("help-dialog").showModal(),
};

// To where the change was, so that it is seen.
function back(frames, what) {
  if (!frames.length) return;
  const places = frames.map((frame) => selection.order.indexOf(frame)).sort((a, b) => a - b);
  endRange();
  if (!places.includes(selection.place)) go(places[0], false);
  say(`${frames.length} ${frames.length > 1 ? "frames" : "frame"} ${what}`);
}

let toastEnds;
function toast(words) {
  const element = byName("toast");
  element.textContent = words;
  element.classList.add("shown");
  clearTimeout(toastEnds);
  toastEnds = setTimeout(() => element.classList.remove("shown"), 6000);
}

const moves = {
  ArrowLeft: () => selection.place - 1,
  ArrowRight: () => selection.place + 1,
  ArrowUp: () => selection.place - grid.columns,
  ArrowDown: () => selection.place + grid.columns,
  PageUp: () => selection.place - grid.columns * grid.rowsVisible,
  PageDown: () => selection.place + grid.columns * grid.rowsVisible,
  Home: () => 0,
  End: () => page.frames.length - 1,
};

// A digit by its place on the keyboard too: on some, digits need shift, which here takes a range.
function characterKey(event) {
  const digit = /^Digit(\d)$/.exec(event.code)?.[1];
  return /^[a-z\d]$/i.test(event.key) ? event.key.toLowerCase() : digit;
}

function command(event) {
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
  if (key in moves) return () => go(moves[key](), event.shiftKey || ranging());
  if (key === "Backspace" || key === "Delete") return actions.clear;
  if (key === "?") return actions.help;
  if (key === "Escape") {
    return () => {
      endRange();
      go(selection.place, false);
    };
  }
  // Elsewhere these press the button that has the focus.
  if (key === "Enter" || key === " ") {
    return event.target.closest("button, select") ? null : actions.confirm;
  }
  const letter = characterKey(event);
  if (letter === "u") return actions.undo;
  if (letter === "0" && panel.nobody) return actions.nobody;
  const character = keys.indexOf(letter);
  return character >= 0 ? () => actions.character(character) : null;
}

addEventListener("keydown", (event) => {
  if (event.target.closest("select, dialog")) return;
  const run = command(event);
  if (!run) return;
  event.preventDefault();
  run();
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  actions[button.dataset.action]?.();
  // After a click with the mouse keys are meant for the frames again, not for the button.
  if (event.detail && !button.closest("dialog")) grid.element.focus({ preventScroll: true });
});

panel.oncharacter = actions.character;
panel.onnobody = actions.nobody;
grid.onpick = (place, shift) => go(place, shift || ranging());
labels.onchange = () => {
  draw();
  keep();
};

store.onelsewhere((work) => {
  saved = work.saved;
  labels.restore(work.states);
  draw();
});

addEventListener("beforeunload", (event) => {
  if (!store.works && labels.count && !isSaved()) event.preventDefault();
});

byName("order").addEventListener("change", (event) => {
  const { frame } = selection;
  order = event.target.value;
  selection.order = orders[order];
  endRange();
  selection.move(selection.order.indexOf(frame), false);
  grid.redraw();
  draw();
  keep();
});

byName("title").textContent =
  page.videos.length === 1 ? page.videos[0] : `${page.videos.length} videos`;
byName("orders").hidden = !suggests;
byName("order").value = order;
grid.element.focus({ preventScroll: true });
grid.reveal();
draw();
keep();
