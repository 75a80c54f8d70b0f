"use strict";

// What the page can do more where a server stands behind it: it writes the file at each change, and
// plays the video.

const SAVE_MILLISECONDS = 400;
const PLAYED_SECONDS = 2;

async function send(text) {
  const headers = { "Content-Type": "text/csv" };
  const response = await fetch("labels", { method: "POST", headers, body: text }).catch(() => {
    throw new Error("the command that serves this page has ended.");
  });
  if (!response.ok) throw new Error(await response.text());
}

// One after the other, so that no older labels are written over newer ones.
let queue = Promise.resolve();
workbench.write = (_, text) => {
  const sent = queue.then(() => send(text));
  queue = sent.catch(() => {});
  return sent;
};

let saveTimer;
const { onchange } = workbench.labels;
workbench.labels.onchange = () => {
  onchange();
  clearTimeout(saveTimer);
  saveTimer = setTimeout(async () => {
    if (await workbench.writeFile()) workbench.draw();
  }, SAVE_MILLISECONDS);
};
addEventListener("beforeunload", (event) => {
  if (!workbench.isSaved) event.preventDefault();
});

// Plays the seconds around a frame again and again, until the user goes elsewhere in the video.
class Player {
  constructor(moment) {
    this.video = document.createElement("video");
    Object.assign(this.video, { muted: true, controls: true, playsInline: true });
    moment.element.prepend(this.video);
    moment.element.classList.add("playing");
    // Of a video that the browser cannot play, the images are shown.
    this.video.addEventListener("error", () => {
      moment.element.classList.remove("playing");
      this.video.hidden = true;
    });
    this.video.addEventListener("timeupdate", () => {
      const { currentTime } = this.video;
      const end = this.time + PLAYED_SECONDS;
      if (currentTime >= end && currentTime < end + 1) this.video.currentTime = this.begin;
    });
  }

  show(frame) {
    const { video, time } = page.frames[frame];
    const src = `video/${video}`;
    this.time = time;
    this.begin = Math.max(0, time - PLAYED_SECONDS);
    if (this.video.getAttribute("src") !== src) this.video.src = src;
    this.video.currentTime = this.begin;
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    this.video.play().catch(() => {});
  }

  stop() {
    this.video.pause();
  }
}

if (page.served.videos) {
  workbench.panel.moment.player = new Player(workbench.panel.moment);
}
