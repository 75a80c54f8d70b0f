"use strict";

// Labels the selected frames by keys and buttons, stores the work, and saves it.

const getElement = (id) => document.getElementById(id);

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

  // Shows other frames, or the same in another order, and stays at the current one if it is shown.
  replace(order) {
    const place = order.indexOf(this.frame);
    this.order = order;
    this.move(Math.max(place, 0), false);
  }
}

class Workbench {
  // Keys count within `root`, and the element `home` has the focus while frames are labelled.
  constructor(page, { root, home, viewerOptions }) {
    this.page = page;
    this.home = home;
    this.keys = assignKeys(page);
    this.labels = new Labels(page.frames, page.multilabel);
    this.store = new BrowserStore(page.digest);
    this.stored = this.store.load();
    this.saved = this.stored?.saved ?? null;
    if (this.stored) this.labels.restore(this.stored.states);
    this.selection = new Selection([...page.frames.keys()]);
    this.images = new FrameImages(page);
    this.panel = new Panel(getElement("panel"), this, viewerOptions);
    this.settings = {}; // stored along with the labels
    this.write = download;
    this.actions = this.#makeActions();
    this.moves = {
      ArrowLeft: () => this.selection.place - 1,
      ArrowRight: () => this.selection.place + 1,
      Home: () => 0,
      End: () => this.selection.order.length - 1,
    };
    this.ondraw = () => {};
    this.onmove = () => {};
    this.onhidden = () => {}; // a frame is to be shown that is not in the order
    this.#listen(root);
  }

  get isSaved() {
    return (
      JSON.stringify(this.labels.states) === (this.saved ?? JSON.stringify(this.labels.initial))
    );
  }

  start() {
    this.draw();
    this.storeWork();
  }

  storeWork() {
    const { labels, selection, saved, settings } = this;
    this.store.save({ states: labels.states, frame: selection.frame, saved, ...settings });
    getElement("not-stored").hidden = this.store.available;
  }

  draw() {
    const { labels, page, isSaved } = this;
    this.panel.draw();
    this.ondraw();
    const [count, all] = [labels.count, page.frames.length];
    getElement("progress").max = all;
    getElement("progress").value = count;
    getElement("count").textContent = `${count} of ${all} labelled`;
    getElement("undo").disabled = !labels.undoStack.length;
    getElement("redo").disabled = !labels.redoStack.length;
    getElement("save").disabled = !count;
    getElement("save").dataset.state = count && !isSaved ? "unsaved" : "saved";
    document.body.classList.toggle("finished", count === all);
    getElement("finished").hidden = count < all || isSaved;
  }

  moveTo(place, extend = this.isSelectingRange) {
    if (!this.selection.move(place, extend)) return;
    this.onmove();
    this.draw();
    this.storeWork();
  }

  // Moves to the next unlabelled frame, first after this one and then from the start, or else to the
  // next frame.
  moveToUnlabelled() {
    const { order, place } = this.selection;
    const places = order.map((_, step) => (place + 1 + step) % order.length);
    const unlabelled = places.find((each) => !this.labels.isLabelled(order[each]));
    this.endRange();
    this.moveTo(unlabelled ?? place + 1, false);
  }

  get isSelectingRange() {
    return getElement("range").getAttribute("aria-pressed") === "true";
  }

  endRange() {
    getElement("range").setAttribute("aria-pressed", "false");
  }

  announceLabel() {
    const { frames, frame } = this.selection;
    const { label } = describe(this.page, this.labels, frame);
    announce(frames.length > 1 ? `${frames.length} frames, the last ${label}` : label);
  }

  // With one character per frame, the label is complete: moves to the next frame.
  applyLabel(change) {
    const { selection } = this;
    change(selection.frames);
    this.announceLabel();
    if (this.page.multilabel) return;
    this.endRange();
    this.moveTo(Math.max(selection.place, selection.anchor) + 1, false);
  }

  #makeActions() {
    const { labels, panel } = this;
    return {
      character: (character) => this.applyLabel((frames) => labels.toggle(frames, character)),
      nobody: () => this.applyLabel((frames) => labels.setNobody(frames)),
      confirm: () => {
        if (labels.confirm(this.selection.frames)) this.announceLabel();
        this.moveToUnlabelled();
      },
      clear: () => {
        if (labels.clear(this.selection.frames)) this.announceLabel();
      },
      range: () => getElement("range").setAttribute("aria-pressed", !this.isSelectingRange),
      previous: () => this.moveTo(this.selection.place - 1),
      next: () => this.moveTo(this.selection.place + 1),
      moment: () => panel.toggleMoment(),
      enlarge: () => panel.viewer.enlarge(),
      reduce: () => panel.viewer.reduce(),
      undo: () => this.showChange(labels.undo(), "undone"),
      redo: () => this.showChange(labels.redo(), "redone"),
      save: () => this.save(),
      help: () => getElement("help-dialog").showModal(),
    };
  }

  async save() {
    const { page, labels } = this;
    if (!labels.count) return;
    if (!(await this.writeFile())) return;
    const unlabelled = page.frames.length - labels.count;
    const note = unlabelled ? ` Frames without a label (${unlabelled}) are not in the file.` : "";
    showToast(`Saved ${labels.count} labelled frames as ${page.csv.name}.${note}`);
    this.draw();
    this.storeWork();
  }

  // Returns whether the file is written.
  async writeFile() {
    const { page, labels } = this;
    const states = JSON.stringify(labels.states);
    try {
      await this.write(page.csv.name, formatCsv(page, labels));
    } catch (error) {
      showToast(`Not saved: ${error.message}`);
      return false;
    }
    this.saved = states;
    return true;
  }

  // Moves to the frames that changed.
  showChange(frames, change) {
    if (!frames.length) return;
    const { selection } = this;
    if (!frames.every((frame) => selection.order.includes(frame))) this.onhidden();
    const places = frames.map((frame) => selection.order.indexOf(frame)).sort((a, b) => a - b);
    this.endRange();
    if (!places.includes(selection.place)) this.moveTo(places[0], false);
    announce(`${frames.length} ${frames.length > 1 ? "frames" : "frame"} ${change}`);
  }

  selectAll() {
    const { selection } = this;
    selection.move(0, false);
    selection.move(selection.order.length - 1, true);
    this.draw();
  }

  findCommand(event) {
    const { actions, moves } = this;
    const { key } = event;
    if (event.ctrlKey || event.metaKey) {
      const letter = key.toLowerCase();
      if (letter === "z") return event.shiftKey ? actions.redo : actions.undo;
      return { y: actions.redo, s: actions.save, a: () => this.selectAll() }[letter];
    }
    if (event.altKey) return null;
    if (key in moves) {
      return () => this.moveTo(moves[key](), event.shiftKey || this.isSelectingRange);
    }
    if (key === "Escape") {
      return () => {
        this.endRange();
        this.panel.viewer.reset();
        this.moveTo(this.selection.place, false);
      };
    }
    // On a button or list, these keys have their usual effect.
    if (key === "Enter" || key === " ") {
      return event.target.closest("button, select, a") ? null : actions.confirm;
    }
    const named = {
      Backspace: actions.clear,
      Delete: actions.clear,
      "?": actions.help,
      ".": actions.moment,
      "+": actions.enlarge,
      "=": actions.enlarge,
      "-": actions.reduce,
    }[key];
    if (named) return named;
    const letter = readCharacterKey(event);
    if (letter === "u") return actions.undo;
    if (letter === "0" && this.panel.nobody) return actions.nobody;
    const character = this.keys.indexOf(letter);
    return character >= 0 ? () => actions.character(character) : null;
  }

  #listen(root) {
    const { actions, labels, panel, store } = this;
    root.addEventListener("keydown", (event) => {
      if (event.target.closest("select, dialog")) return;
      const run = this.findCommand(event);
      if (!run) return;
      event.preventDefault();
      run();
    });
    root.addEventListener("click", (event) => {
      actions[event.target.closest("button")?.dataset.action]?.();
      // After a mouse click, on a button too, the keys are for the frames again.
      if (event.detail && !event.target.closest("dialog, select")) {
        this.home.focus({ preventScroll: true });
      }
    });
    panel.oncharacter = actions.character;
    panel.onnobody = actions.nobody;
    panel.viewer.onswipe = (step) => this.moveTo(this.selection.place + step, false);
    labels.onchange = () => {
      this.draw();
      this.storeWork();
    };
    store.watch((work) => {
      this.saved = work.saved;
      labels.restore(work.states);
      this.draw();
    });
    addEventListener("beforeunload", (event) => {
      if (!store.available && labels.count && !this.isSaved) event.preventDefault();
    });
  }
}

function announce(text) {
  getElement("announcement").textContent = text;
}

let toastTimer;
function showToast(text) {
  const element = getElement("toast");
  element.textContent = text;
  element.classList.add("visible");
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => element.classList.remove("visible"), 6000);
}
