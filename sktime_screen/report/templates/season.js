"use strict";
// What a report of several videos has more: compressed parts, and a table to sort and to filter.
(() => {
  async function unpack(packed) {
    const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).text();
  }

  async function fill(details) {
    const packed = details.querySelector("template[data-packed]");
    if (!packed) return;
    const part = document.createElement("div");
    // Removed first: a second toggle must not fill it again.
    packed.replaceWith(part);
    part.innerHTML = await unpack(packed.dataset.packed);
    prepareTimelines(part);
  }

  for (const details of document.querySelectorAll("details.video")) {
    details.addEventListener("toggle", () => details.open && fill(details));
  }

  function openTarget() {
    const details = location.hash && document.getElementById(location.hash.slice(1));
    if (!details || !details.matches("details.video")) return;
    details.open = true;
    details.scrollIntoView();
  }
  addEventListener("hashchange", openTarget);
  openTarget();

  for (const link of document.querySelectorAll("a[data-packed]")) {
    link.addEventListener("click", async (event) => {
      event.preventDefault();
      const content = await unpack(link.dataset.packed);
      const made = document.createElement("a");
      made.href = URL.createObjectURL(new Blob([content], { type: link.dataset.type }));
      made.download = link.download;
      made.click();
      setTimeout(() => URL.revokeObjectURL(made.href), 60000);
    });
  }

  const table = document.getElementById("season");
  if (!table) return;
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const headings = [...table.querySelectorAll("th[data-sort]")];

  function sortBy(heading) {
    const falls = heading.getAttribute("aria-sort") === "descending";
    // Videos begin with the first, characters with the most seconds.
    const order = heading.dataset.sort === "number" ? 1 : -1;
    const sign = heading.hasAttribute("aria-sort") ? (falls ? 1 : -1) : order;
    for (const other of headings) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
    const column = headings.indexOf(heading);
    const key = (row) => Number(column ? row.cells[column].dataset.value : row.dataset.number);
    body.append(...rows.sort((a, b) => sign * (key(a) - key(b))));
  }
  for (const heading of headings) {
    heading.querySelector("button").addEventListener("click", () => sortBy(heading));
  }

  const filter = document.getElementById("filter");
  filter.hidden = false;
  filter.addEventListener("input", () => {
    const wanted = filter.value.trim().toLowerCase();
    for (const row of rows) {
      row.hidden = !row.cells[0].textContent.toLowerCase().includes(wanted);
    }
  });

  const copy = document.getElementById("copy");
  copy.hidden = false;
  copy.addEventListener("click", () => {
    // As a selection, since a page opened from a file may not use the clipboard otherwise.
    getSelection().selectAllChildren(table);
    const copied = document.execCommand("copy");
    getSelection().removeAllRanges();
    copy.textContent = copied ? "Copied" : "Not copied: select the table, then copy";
  });
})();
