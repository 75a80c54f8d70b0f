"use strict";

// The images of the frames. Each is text in an element of its own, which costs nothing until the
// image is shown, so that a page can have thousands; or it is asked of the server of the page.

const KEPT_IMAGES = 8;
// Seconds: how far a frame of the page may be from a moment that it stands in for.
const NEAR = 0.3;

class FrameImages {
  constructor(page) {
    this.page = page;
    this.kept = new Map();
  }

  #read(kind, frame) {
    if (this.page.served) return `${kind}/${frame}`;
    return document.getElementById(`${kind}-${frame}`)?.textContent;
  }

  getImage(frame) {
    return this.#read("image", frame) ?? "";
  }

  getThumbnail(frame) {
    return this.#read("thumbnail", frame) ?? this.getImage(frame);
  }

  // Returns an image element that is already decoded if it was asked for before.
  getElement(frame) {
    const element = this.kept.get(frame) ?? this.#makeElement(frame);
    this.kept.delete(frame);
    this.kept.set(frame, element);
    const oldest = this.kept.keys().next().value;
    if (this.kept.size > KEPT_IMAGES) this.kept.delete(oldest);
    return element;
  }

  #makeElement(frame) {
    const element = new Image();
    element.draggable = false;
    element.src = this.getImage(frame);
    element.decode().catch(() => {});
    return element;
  }

  // Returns the moments around a frame in the order of time. Each is a part of an image: the
  // one at `place` of `count` images above each other.
  getMoments(frame) {
    const { moments } = this.page.frames[frame];
    const src = this.#read("moment", frame);
    if (src && moments.length > 1) {
      return moments.map((offset, place) => ({ offset, src, place, count: moments.length }));
    }
    return [-2, -1, 0, 1, 2]
      .map((offset) => ({ offset, near: this.#findNear(frame, offset) }))
      .filter(({ near }) => near !== undefined)
      .map(({ offset, near }) => ({ offset, src: this.getThumbnail(near), place: 0, count: 1 }));
  }

  // Returns the frame of the page that is shown some seconds after another one.
  #findNear(frame, offset) {
    this.byTime ??= sortByTime(this.page.frames);
    const { video, time } = this.page.frames[frame];
    const wanted = time + offset;
    const isBefore = (number) => {
      const other = this.page.frames[number];
      return other.video < video || (other.video === video && other.time < wanted);
    };
    let [low, high] = [0, this.byTime.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBefore(this.byTime[middle])) low = middle + 1;
      else high = middle;
    }
    const distance = (number) => Math.abs(this.page.frames[number].time - wanted);
    return [this.byTime[low - 1], this.byTime[low]]
      .filter((number) => this.page.frames[number]?.video === video && distance(number) <= NEAR)
      .sort((a, b) => distance(a) - distance(b))[0];
  }
}

// Returns the numbers of the frames, sorted by video and time.
function sortByTime(frames) {
  return [...frames.keys()].sort(
    (a, b) => frames[a].video - frames[b].video || frames[a].time - frames[b].time,
  );
}
