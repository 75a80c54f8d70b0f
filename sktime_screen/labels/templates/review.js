"use strict";

// Labels a few frames in a part of another page.

const reviewed = JSON.parse(getElement("review-data").textContent);
getElement("review").hidden = false;
const workbench = new Workbench(reviewed, {
  root: getElement("review"),
  home: getElement("grid"),
  viewerOptions: { scrolls: true },
});
const grid = connectGrid(workbench, getElement("grid"));
workbench.start();
