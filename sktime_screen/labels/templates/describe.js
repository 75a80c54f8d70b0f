"use strict";

// Words, colours and keys for frames and characters.

const LETTERS = "qwertyiopasdfghjklzxcvbnm";

// Returns the keys of the characters: 1 to 9, then letters without u, which undoes.
function assignKeys(page) {
  const free = [..."123456789", ...LETTERS];
  return page.characters.map((_, character) =>
    character === page.nobody ? "0" : (free.shift() ?? ""),
  );
}

// Also reads a digit from its place on the keyboard: some layouts need Shift for digits, and Shift
// selects a range here.
function readCharacterKey(event) {
  const digit = /^Digit(\d)$/.exec(event.code)?.[1];
  return /^[a-z\d]$/i.test(event.key) ? event.key.toLowerCase() : digit;
}

function formatTime(seconds) {
  const tenths = Math.round(seconds * 10);
  const pad = (number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(tenths / 36000), Math.floor(tenths / 600) % 60];
  const rest = pad(Math.floor(tenths / 10) % 60) + (tenths % 10 ? `.${tenths % 10}` : "");
  return hours ? `${hours}:${pad(minutes)}:${rest}` : `${minutes}:${rest}`;
}

// Describes the label of a frame, for the page and for screen readers. The description has the words
// of a card in their order.
function describe(page, labels, frame) {
  const characters = labels.getCharacters(frame);
  const { video, time } = page.frames[frame];
  const [name, clock] = [page.videos[video], formatTime(time)];
  if (characters === null) {
    const label = "not labelled";
    return { kind: "unlabelled", label, description: `${name}, ${clock}: ${label}` };
  }
  const kind = labels.isLabelled(frame) ? "labelled" : "suggested";
  const shown = characters.map((each) => page.characters[each]).join(", ") || getNobodyName(page);
  return { kind, label: `${kind}: ${shown}`, description: `${name}, ${kind}, ${clock}: ${shown}` };
}

function getNobodyName(page) {
  return page.nobody === null ? "Nobody" : page.characters[page.nobody];
}

function makeChips(page, labels, frame) {
  const makeChip = (text, tone) => {
    const element = document.createElement("span");
    element.className = `chip ${tone}`;
    element.textContent = text;
    return element;
  };
  const characters = labels.getCharacters(frame);
  if (characters === null) return [makeChip("not labelled", "none")];
  if (!characters.length) return [makeChip(getNobodyName(page), "nobody")];
  // Without a space, screen readers would take two names for one.
  return characters.flatMap((each) => [makeChip(page.characters[each], getTone(each)), " "]);
}

function getTone(character) {
  return `tone-${character % 8}`;
}
