"use strict";

// Keeping the work: in the browser between visits, and in a CSV file for good.

class BrowserStore {
  constructor(digest) {
    this.key = `sktime_screen.labels.${digest}`;
    this.works = true;
    this.text = null; // as last read or written here
  }

  load() {
    try {
      this.text = localStorage.getItem(this.key);
      return JSON.parse(this.text);
    } catch {
      this.works = false;
      return null;
    }
  }

  save(work) {
    this.text = JSON.stringify(work);
    try {
      localStorage.setItem(this.key, this.text);
      this.works = true;
    } catch {
      // Refused, or full: the page says so and asks to save the CSV.
      this.works = false;
    }
  }

  // Two tabs with the same page would otherwise write over each other's work. A browser tells of
  // what another tab wrote, but late, or not at all to a tab that it has put to sleep: so look
  // again before this one is used.
  onelsewhere(adopt) {
    const look = () => {
      const before = this.text;
      const work = this.load();
      if (work && this.text !== before) adopt(work);
    };
    for (const event of ["storage", "focus", "keydown", "pointerdown"]) {
      addEventListener(event, look, { capture: true });
    }
  }
}

// Lines and names come quoted for CSV; what is left to write are labels, video by video in the order
// of time. Frames without are left out.
function toCsv(page, labels) {
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
  // Some browsers read the file only after the click was dealt with.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
