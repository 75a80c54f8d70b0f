"use strict";

// People, their names and their pictures; what is saved.

const page = JSON.parse(document.getElementById("data").textContent);
const getElement = (id) => document.getElementById(id);
// What no file system takes in the name of a folder.
const FORBIDDEN = /[\\/:*?"<>|\u0000-\u001f\u007f]|^\.+|[. ]+$/g;

const people = [];
let saved = "";

function formatTime(seconds) {
  const whole = Math.floor(seconds);
  const parts = [Math.floor(whole / 60) % 60, whole % 60];
  if (whole >= 3600) parts.unshift(Math.floor(whole / 3600));
  return parts.map((part, place) => (place ? String(part).padStart(2, "0") : part)).join(":");
}

class Person {
  constructor(pictures, seconds) {
    this.element = getElement("person").content.firstElementChild.cloneNode(true);
    this.input = this.element.querySelector("input");
    this.box = this.element.querySelector(".pictures");
    if (seconds !== undefined) {
      this.element.querySelector(".seconds").textContent = `seen for ${seconds} s`;
    }
    this.input.addEventListener("input", update);
    this.element.querySelector(".remove").addEventListener("click", () => {
      this.takeSelected();
      update();
    });
    this.element.querySelector(".split").addEventListener("click", () => {
      const other = new Person(this.takeSelected());
      people.splice(people.indexOf(this) + 1, 0, other);
      this.element.after(other.element);
      update();
      other.input.focus();
    });
    pictures.forEach((picture) => this.add(picture));
  }

  get name() {
    return this.input.value.normalize("NFC").replace(FORBIDDEN, "").trim();
  }

  get pictures() {
    return [...this.box.children].map((button) => button.picture);
  }

  get selected() {
    return [...this.box.querySelectorAll("[aria-pressed=true]")];
  }

  add(picture) {
    const button = document.createElement("button");
    button.className = "picture";
    button.picture = picture;
    button.setAttribute("aria-pressed", "false");
    const image = new Image();
    image.src = picture.image;
    image.alt = "";
    const time = document.createElement("span");
    time.className = "time";
    time.textContent = formatTime(picture.time);
    button.append(image, time);
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
      update();
    });
    this.box.append(button);
  }

  takeSelected() {
    return this.selected.map((button) => {
      button.remove();
      return button.picture;
    });
  }
}

function collect() {
  const folders = new Map();
  for (const person of people) {
    if (!person.name || !person.pictures.length) continue;
    folders.set(person.name, [...(folders.get(person.name) ?? []), ...person.pictures]);
  }
  return folders;
}

function update() {
  for (const person of people) {
    const chosen = person.selected.length;
    for (const name of ["remove", "split"]) {
      person.element.querySelector(`.${name}`).hidden = !chosen;
    }
    person.element.classList.toggle("named", Boolean(person.name && person.pictures.length));
  }
  const names = [...collect().keys()];
  getElement("save").disabled = !names.length;
  getElement("names").replaceChildren(...names.map((name) => new Option(name)));
}

function decode(uri) {
  return Uint8Array.from(atob(uri.split(",")[1]), (letter) => letter.charCodeAt(0));
}

function save() {
  const files = [...collect()].flatMap(([name, pictures]) =>
    pictures.map(({ image }, number) => ({
      name: `${name}/${number + 1}.webp`,
      bytes: decode(image),
    })),
  );
  const link = document.createElement("a");
  link.href = URL.createObjectURL(makeZip(files));
  link.download = page.zip;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  saved = getState();
  getElement("said").textContent =
    `Saved ${page.zip}. Next: sktime-screen measure VIDEO --portraits ${page.zip}`;
}

function getState() {
  return JSON.stringify(
    [...collect()].map(([name, pictures]) => [name, pictures.map((picture) => picture.number)]),
  );
}

let number = 0;
for (const { pictures, seconds } of page.people) {
  pictures.forEach((picture) => (picture.number = number++));
  const person = new Person(pictures, seconds);
  people.push(person);
  getElement("people").append(person.element);
}
getElement("save").addEventListener("click", save);
addEventListener("beforeunload", (event) => {
  if (getState() !== (saved || "[]")) event.preventDefault();
});
update();
