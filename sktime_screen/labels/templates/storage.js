"use strict";

// Stores the work: in the browser between visits, and in a CSV file.

class BrowserStore {
  constructor(digest) {
    this.key = `sktime_screen.labels.${digest}`;
    this.available = true;
    this.text = null; // as this tab last read or wrote it
  }

  load() {
    try {
      this.text = localStorage.getItem(this.key);
      return JSON.parse(this.text);
    } catch {
      this.available = false;
      return null;
    }
  }

  save(work) {
    this.text = JSON.stringify(work);
    try {
      localStorage.setItem(this.key, this.text);
      this.available = true;
    } catch {
      // Forbidden or full: the page says so.
      this.available = false;
    }
  }

  // Calls a function with the work that another tab stored, so that two tabs with this page do not
  // overwrite each other. Browsers report changes of other tabs late, and never to a sleeping tab:
  // check again before the user does anything.
  watch(onchange) {
    const check = () => {
      const before = this.text;
      const work = this.load();
      if (work && this.text !== before) onchange(work);
    };
    for (const event of ["storage", "focus", "keydown", "pointerdown"]) {
      addEventListener(event, check, { capture: true });
    }
  }
}

// Returns the CSV text of the labelled frames, sorted by video and time. The page data has the header
// and the start of each line, quoted for CSV.
function formatCsv(page, labels) {
  const { frames } = page;
  const numbers = [...frames.keys()].filter((number) => labels.isLabelled(number));
  numbers.sort((a, b) => frames[a].video - frames[b].video || frames[a].time - frames[b].time);
  const lines = numbers.map((number) => {
    const present = labels.states[number];
    const fields = page.multilabel
      ? page.characters.map((_, character) => Number(present.includes(character)))
      : [page.csv.values[present[0] ?? page.nobody]];
    return [frames[number].row, ...fields].join(",");
  });
  return [page.csv.head, ...lines, ""].join("\n");
}

function download(name, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  link.download = name;
  link.click();
  // Some browsers read the file only after the click event.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
