"use strict";

// Connects the parts of the labelling page.

const page = JSON.parse(getElement("data").textContent);
const workbench = new Workbench(page, { root: document, home: getElement("grid") });
const { selection } = workbench;
const grid = connectGrid(workbench, getElement("grid"));
const filters = new Filters(workbench);

workbench.actions.update = () => filters.apply();
const drawGrid = workbench.ondraw;
workbench.ondraw = () => {
  drawGrid();
  filters.draw();
};
workbench.onhidden = () => filters.showAll();
filters.onchange = () => {
  workbench.settings.order = filters.order.value;
  grid.redraw();
  workbench.draw();
  workbench.storeWork();
};

const hasSuggestions = page.frames[0].uncertainty !== undefined;
const { stored } = workbench;
getElement("title").textContent =
  page.videos.length === 1 ? page.videos[0] : `${page.videos.length} videos`;
getElement("order-choice").hidden = !hasSuggestions;
filters.order.value = hasSuggestions && stored?.order !== "original" ? "doubtful" : "original";
if (stored) selection.move(stored.frame, false);
filters.apply();
if (!stored) workbench.moveTo(0, false);
grid.element.focus({ preventScroll: true });
