// Telegram's formatted text as DOM nodes.
//
// Entities point into the text by UTF-16 offsets, which are the offsets of JavaScript strings. They may nest; where two
// overlap without nesting (Telegram never sends that) the inner one is cut in two at the border of the outer one.

import { el } from "./nodes.js";

const BLOCKS = new Set(["blockquote", "expandable_blockquote", "pre"]);
const SAFE = new Set(["http:", "https:", "mailto:", "tel:"]);
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]|\ud802|\ud803|\ud83a|\ud83b/;
const LETTER = /\p{L}/u;

/**
 * Nodes for `text`. `act` answers what taps do: `command(text)` sends a bot command, `copy(text)` copies,
 * `follow(url)` returns true if the phone itself opens the address (a t.me link to the bot it talks to).
 */
export function formatted(text, entities, act) {
  const marks = (entities ?? [])
    .map((entity) => ({ entity, start: entity.offset, end: entity.offset + entity.length }))
    .sort((a, b) => a.start - b.start || b.end - a.end || BLOCKS.has(b.entity.type) - BLOCKS.has(a.entity.type));
  return stretch(text, 0, text.length, marks, act);
}

/** Whether a line reads from right to left: told by its first letter. */
export function rightToLeft(line) {
  const letter = line.match(LETTER)?.[0];
  return letter !== undefined && RIGHT_TO_LEFT.test(letter);
}

function stretch(text, from, to, marks, act) {
  const nodes = [];
  let at = from;
  let afterBlock = false;
  const plain = (end, beforeBlock) => {
    let words = text.slice(at, end);
    // A block brings its own line breaks: the ones written around it would show as empty lines.
    if (afterBlock && words.startsWith("\n")) words = words.slice(1);
    if (beforeBlock && words.endsWith("\n")) words = words.slice(0, -1);
    if (words) nodes.push(document.createTextNode(words));
    at = end;
    afterBlock = false;
  };
  for (let index = 0; index < marks.length; index++) {
    const { entity } = marks[index];
    const start = Math.max(marks[index].start, at);
    const end = Math.min(marks[index].end, to);
    if (start >= end) continue;
    const inside = [];
    const beyond = [];
    while (index + 1 < marks.length && marks[index + 1].start < end) {
      const next = marks[++index];
      inside.push({ ...next, end: Math.min(next.end, end) });
      if (next.end > end) beyond.push({ ...next, start: end });
    }
    marks.splice(index + 1, 0, ...beyond);
    const block = BLOCKS.has(entity.type);
    plain(start, block);
    nodes.push(marked(entity, text.slice(start, end), stretch(text, start, end, inside, act), act));
    at = end;
    afterBlock = block;
  }
  plain(to, false);
  return nodes;
}

function marked(entity, words, inside, act) {
  switch (entity.type) {
    case "bold": return el("b", {}, inside);
    case "italic": return el("i", {}, inside);
    case "underline": return el("u", {}, inside);
    case "strikethrough": return el("s", {}, inside);
    case "spoiler": return spoiler(inside);
    case "code": return copied("code", words, inside, act);
    case "pre": return el("pre", { "data-language": entity.language }, copied("code", words, inside, act));
    case "blockquote": return el("blockquote", {}, inside);
    case "expandable_blockquote": return folded(inside);
    case "text_link": return link(entity.url, inside, act);
    case "url": return link(/^[a-z][a-z0-9+.-]*:/i.test(words) ? words : `https://${words}`, inside, act);
    case "email": return link(`mailto:${words}`, inside, act);
    case "phone_number": return link(`tel:${words.replace(/[^+\d]/g, "")}`, inside, act);
    case "bot_command": return el("button", { type: "button", className: "link", onclick: () => act.command(words) }, inside);
    case "mention": case "text_mention": case "hashtag": case "cashtag": return el("span", { className: "tag" }, inside);
    default: return el("span", {}, inside);
  }
}

function link(address, inside, act) {
  let url;
  try {
    url = new URL(address);
  } catch {
    return el("span", {}, inside);
  }
  if (!SAFE.has(url.protocol)) return el("span", { className: "tag", title: address }, inside);
  return el("a", {
    href: url.href, title: url.href, target: "_blank", rel: "noopener noreferrer",
    onclick: (event) => { if (act.follow(url)) event.preventDefault(); },
  }, inside);
}

/** Hidden until tapped; one tap shows every hidden part of the message, as in Telegram. */
function spoiler(inside) {
  const words = el("span", { "aria-hidden": "true" }, inside);
  words.inert = true;
  const cover = el("span", { className: "spoiler", role: "button", tabIndex: 0, "aria-label": "Hidden text. Press to show it." }, words);
  const show = (event) => {
    if (event.type === "keydown" && event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    for (const each of (cover.closest(".text") ?? cover.parentNode).querySelectorAll(".spoiler:not(.shown)")) {
      each.classList.add("shown");
      for (const name of ["role", "tabindex", "aria-label"]) each.removeAttribute(name);
      each.firstElementChild.removeAttribute("aria-hidden");
      each.firstElementChild.inert = false;
    }
    cover.removeEventListener("click", show);
    cover.removeEventListener("keydown", show);
  };
  cover.addEventListener("click", show);
  cover.addEventListener("keydown", show);
  return cover;
}

function folded(inside) {
  const words = el("div", { className: "folded" }, inside);
  const more = el("button", { type: "button", className: "link unfold", "aria-expanded": "false" }, "Show more");
  more.addEventListener("click", () => {
    const open = words.classList.toggle("folded") === false;
    more.setAttribute("aria-expanded", String(open));
    more.textContent = open ? "Show less" : "Show more";
  });
  return el("blockquote", {}, words, more);
}

function copied(tag, words, inside, act) {
  const copy = () => act.copy(words);
  return el(tag, {
    className: "copyable", role: "button", tabIndex: 0, title: "Copy", onclick: copy,
    onkeydown: (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); copy(); } },
  }, inside);
}
