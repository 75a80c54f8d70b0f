"use strict";

// Connects the parts of the labelling page.

const page = JSON.parse(getElement("data").textContent);
const workbench = new Workbench(page, { root: document, home: getElement("grid") });
const filters = new Filters(workbench);

const hasSuggestions = page.frames[0].uncertainty !== undefined;
const { stored, selection } = workbench;
getElement("title").textContent =
  page.videos.length === 1 ? page.videos[0] : `${page.videos.length} videos`;
getElement("order-choice").hidden = !hasSuggestions;
filters.order.value = hasSuggestions && stored?.order !== "original" ? "doubtful" : "original";
if (stored) selection.move(stored.frame, false);
selection.replace(filters.list());
if (!stored) selection.move(0, false);
workbench.settings.order = filters.order.value;
// The large image is asked for before the small ones.
workbench.panel.draw();

const grid = connectGrid(workbench, getElement("grid"));
const drawGrid = workbench.ondraw;
workbench.ondraw = () => {
  drawGrid();
  filters.draw();
};
workbench.onhidden = () => filters.showAll();
workbench.actions.update = () => filters.apply();
filters.onchange = () => {
  workbench.settings.order = filters.order.value;
  grid.redraw();
  workbench.draw();
  workbench.storeWork();
};
workbench.start();
grid.reveal();
grid.element.focus({ preventScroll: true });
