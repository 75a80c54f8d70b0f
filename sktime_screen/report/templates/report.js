"use strict";
// Make the timelines in a part of the page answer to pointer, fingers and keys.
const prepareTimelines = (() => {
  const images = JSON.parse(document.getElementById("images").textContent);
  const card = document.getElementById("card");
  const [image, who, when, sure] = ["img", "strong", "span", "span:last-child"].map((part) =>
    card.querySelector(part)
  );
  const narrow = matchMedia("(max-width: 720px)");
  // How far (pixels) a finger or a pointer may miss a short appearance.
  const REACH = 14;
  let selected = null;

  function hide() {
    if (selected) selected.classList.remove("selected");
    selected = null;
    card.hidden = true;
  }

  function show(appearance) {
    if (appearance === selected) return;
    hide();
    selected = appearance;
    selected.classList.add("selected");
    who.textContent = appearance.dataset.who;
    when.textContent = appearance.dataset.when;
    sure.textContent = appearance.dataset.sure;
    image.hidden = !("image" in appearance.dataset);
    if (image.hidden) image.removeAttribute("src");
    else image.src = images[appearance.dataset.image];
    card.hidden = false;
    placeCard(appearance.getBoundingClientRect());
  }

  function placeCard(box) {
    if (narrow.matches) {
      card.style.left = card.style.top = "";
      return;
    }
    const left = box.left + box.width / 2 - card.offsetWidth / 2;
    const below = box.bottom + 8;
    const fits = below + card.offsetHeight < innerHeight;
    card.style.left = `${Math.max(8, Math.min(left, innerWidth - card.offsetWidth - 8))}px`;
    card.style.top = `${fits ? below : Math.max(8, box.top - card.offsetHeight - 8)}px`;
  }

  function findNearest(rows, x, y) {
    let best = null;
    let shortest = REACH;
    for (const appearance of rows) {
      const box = appearance.getBoundingClientRect();
      if (y < box.top - 5 || y > box.bottom + 5) continue;
      const distance = Math.max(box.left - x, x - box.right, 0);
      if (distance < shortest) [best, shortest] = [appearance, distance];
    }
    return best;
  }

  function findNeighbour(lanes, appearance, key) {
    const lane = lanes.findIndex((row) => row.includes(appearance));
    const row = lanes[lane];
    const position = row.indexOf(appearance);
    if (key === "ArrowLeft") return row[position - 1];
    if (key === "ArrowRight") return row[position + 1];
    if (key === "Home") return row[0];
    if (key === "End") return row[row.length - 1];
    const step = { ArrowUp: -1, ArrowDown: 1 }[key];
    const middle = (rect) => rect.x.baseVal.value + rect.width.baseVal.value / 2;
    for (let other = lane + step; lanes[other]; other += step) {
      const byDistance = lanes[other]
        .map((rect) => [Math.abs(middle(rect) - middle(appearance)), rect])
        .sort((a, b) => a[0] - b[0]);
      if (byDistance.length) return byDistance[0][1];
    }
    return undefined;
  }

  const KEYS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"];
  function prepareTimeline(svg) {
    const lanes = [...svg.querySelectorAll(".appearances")].map((lane) => [...lane.children]);
    const all = lanes.flat();
    if (!all.length) return;
    // The Tab key stops once at each timeline; the arrow keys move between its appearances.
    for (const appearance of all) appearance.setAttribute("tabindex", "-1");
    all[0].setAttribute("tabindex", "0");
    const showNearest = (event) => {
      const appearance = findNearest(all, event.clientX, event.clientY);
      if (appearance) show(appearance);
      else hide();
    };
    svg.addEventListener("pointermove", showNearest);
    svg.addEventListener("pointerdown", showNearest);
    svg.addEventListener("pointerleave", (event) => {
      if (event.pointerType === "mouse") hide();
    });
    svg.addEventListener("focusin", (event) => {
      for (const appearance of all) appearance.setAttribute("tabindex", "-1");
      event.target.setAttribute("tabindex", "0");
      if (event.target.matches(":focus-visible")) show(event.target);
    });
    svg.addEventListener("focusout", hide);
    svg.addEventListener("keydown", (event) => {
      if (!KEYS.includes(event.key) || !all.includes(event.target)) return;
      event.preventDefault();
      const next = findNeighbour(lanes, event.target, event.key);
      if (!next) return;
      next.focus();
      show(next);
    });
  }

  function prepareZoom(zoom, svg) {
    zoom.hidden = false;
    zoom.querySelector("input").addEventListener("input", (event) => {
      svg.style.width = `${100 * event.target.value}%`;
      svg.classList.toggle("zoomed", event.target.value >= 4);
    });
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
  });
  const moveCard = () => selected && placeCard(selected.getBoundingClientRect());
  addEventListener("scroll", moveCard, { passive: true, capture: true });

  return (part) => {
    const timelines = [...part.querySelectorAll(".rows")];
    timelines.forEach(prepareTimeline);
    part.querySelectorAll(".zoom").forEach((zoom, number) => prepareZoom(zoom, timelines[number]));
  };
})();
prepareTimelines(document);
