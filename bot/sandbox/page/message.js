// One message of Telegram's JSON as a bubble with its keyboard.

import { el, icon } from "./nodes.js";
import { formatted, rightToLeft } from "./text.js";
import { sandbox } from "./line.js";

/** What a message is, in words, where it has none of its own. */
const THINGS = { photo: "Photo", document: "Document", voice: "Voice note", sticker: "Sticker", contact: "Contact", location: "Location", video: "Video", audio: "Audio", animation: "Animation", video_note: "Video message", venue: "Place", poll: "Poll", dice: "Dice" };

export const thing = (message) => Object.keys(THINGS).find((kind) => message[kind] !== undefined);

/** One line that says what the message says: for announcements, titles and quotes. */
export function gist(message) {
  const words = message.text ?? message.caption;
  const kind = thing(message);
  return words ?? (kind ? THINGS[kind] : "Message");
}

/**
 * Draw into `node` (emptied first). `phone` gives `mine(message)`, `clock`, `title` and what presses do:
 * `press(message, data)`, `act` (see text.js), `view(message)`, `choose(message, node)`; `choices(message)` lists what could be
 * chosen, `busy(message, data)` says whether a pressed button still waits for its answer.
 */
export function draw(node, message, phone) {
  const mine = phone.mine(message);
  const kind = thing(message);
  const words = message.text ?? message.caption;
  const keyboard = message.reply_markup?.inline_keyboard;
  const at = new Date(message.date * 1000);

  const meta = el("span", { className: "meta" },
    message.has_protected_content && el("span", { className: "protected", title: "Protected: cannot be forwarded or saved", role: "img", "aria-label": "Protected" }, icon("lock")),
    message.edit_date && el("span", {}, "edited"),
    el("time", { dateTime: at.toISOString(), title: phone.clock.dayAndTime(at) }, phone.clock.time(at)));

  const bubble = el("div", { className: "bubble" },
    message.reply_to_message && el("div", { className: "reply" }, gist(message.reply_to_message)),
    kind && attachment(kind, message, phone),
    words !== undefined && paragraph(words, message.entities ?? message.caption_entities, phone),
    words === undefined && !kind && el("div", { className: "text unknown" }, "This kind of message is not shown here."),
    meta,
    phone.choices(message).length > 0 && el("button", { type: "button", className: "choose", "aria-label": "What to do with this message", "aria-haspopup": "menu", onclick: (event) => phone.choose(message, event.currentTarget) }, icon("more")));

  node.replaceChildren(bubble);
  if (keyboard?.length) node.append(keys(keyboard, message, phone));

  node.className = "message";
  node.classList.add(mine ? "out" : "in");
  node.classList.toggle("keyed", Boolean(keyboard?.length));
  node.classList.toggle("bare", kind === "sticker");
  node.classList.toggle("pictured", kind === "photo");
  node.classList.toggle("captioned", Boolean(kind && words));
  node.classList.toggle("guarded", Boolean(message.has_protected_content));
  node.classList.toggle("rtl", words !== undefined && rightToLeft(words.slice(words.lastIndexOf("\n") + 1)));
  node.classList.toggle("shout", kind === undefined && !message.entities?.length && onlyEmoji(message.text));
  node.setAttribute("role", "article");
  node.setAttribute("aria-label", `${mine ? phone.name : phone.title}, ${phone.clock.time(at)}`);
  node.dataset.id = message.message_id;
}

function onlyEmoji(text) {
  return text !== undefined && text.length < 12 && /^[\p{Extended_Pictographic}\u200d\ufe0f\u{1f3fb}-\u{1f3ff}\u{1f1e6}-\u{1f1ff}]+$/u.test(text);
}

function paragraph(words, entities, phone) {
  const text = el("div", { className: "text" }, formatted(words, entities, phone.act));
  // Room on the last line for the time, which lies in the corner.
  text.append(el("span", { className: "room", "aria-hidden": "true" }));
  return text;
}

function attachment(kind, message, phone) {
  switch (kind) {
    case "photo": return photo(message, phone);
    case "document": return document_(message, phone);
    case "voice": return voice(message);
    case "sticker": return sticker(message);
    default: return row(kind === "contact" ? "person" : kind === "location" || kind === "venue" ? "pin" : "file", described(kind, message));
  }
}

function described(kind, message) {
  if (kind === "contact") return [[message.contact.first_name, message.contact.last_name].filter(Boolean).join(" "), message.contact.phone_number];
  if (kind === "venue") return [message.venue.title, message.venue.address];
  return [THINGS[kind], ""];
}

function row(name, [title, detail]) {
  return el("div", { className: "file" }, el("span", { className: "file-icon" }, icon(name)), el("span", { className: "file-words" }, el("b", {}, title), el("small", {}, detail)));
}

function photo(message, phone) {
  const best = message.photo.at(-1);
  const picture = el("img", { alt: message.caption ?? "Photo", loading: "eager", decoding: "async", draggable: false });
  if (best.width && best.height) {
    picture.width = best.width;
    picture.height = best.height;
  }
  const frame = el("button", { type: "button", className: "picture", "aria-label": "Open the picture", onclick: () => phone.view(message) }, picture);
  const missing = () => {
    frame.disabled = true;
    frame.classList.add("missing");
    frame.replaceChildren(icon("photo"), el("span", {}, "Photo"));
  };
  picture.addEventListener("error", missing);
  if (best.width < 16 || best.height < 16) { // what a phone of the sandbox sends as a photo
    missing();
    return frame;
  }
  picture.src = sandbox.file(best.file_id);
  return frame;
}

export function size(bytes) {
  if (bytes === undefined) return "";
  if (bytes < 1000) return `${bytes} bytes`;
  return bytes < 1e6 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function document_(message, phone) {
  const file = message.document;
  const ending = /\.([a-z0-9]{1,5})$/i.exec(file.file_name ?? "")?.[1]?.toUpperCase() ?? "";
  const inside = row("file", [file.file_name ?? "Document", [ending, size(file.file_size)].filter(Boolean).join(" · ")]);
  return el("button", { type: "button", className: "document", "aria-label": `Open ${file.file_name ?? "the document"}`, onclick: () => phone.view(message) }, inside);
}

function voice(message) {
  const seconds = message.voice.duration ?? 0;
  // Invented, but always the same for one message: a placeholder has no sound to draw.
  const bars = Array.from({ length: 28 }, (_, index) => el("i", { className: `h${1 + ((index * index * 13 + index * 29 + message.message_id * 7) >> 2) % 8}` }));
  return el("div", { className: "voice", role: "img", "aria-label": `Voice note, ${seconds} seconds` },
    el("span", { className: "file-icon" }, icon("played")),
    el("span", { className: "wave", "aria-hidden": "true" }, bars),
    el("small", {}, `0:${String(seconds).padStart(2, "0")}`));
}

function sticker(message) {
  return el("div", { className: "sticker", role: "img", "aria-label": `Sticker ${message.sticker.emoji ?? ""}` }, message.sticker.emoji ?? "🌿");
}

function keys(rows, message, phone) {
  return el("div", { className: "keyboard", role: "group", "aria-label": "Buttons of this message" },
    rows.map((row) => el("div", { className: "keys" }, row.map((button) => key(button, message, phone)))));
}

function key(button, message, phone) {
  const look = { className: `key ${["danger", "success", "primary"].includes(button.style) ? button.style : ""}`.trim() };
  if (button.url !== undefined) {
    let url = null;
    try {
      url = new URL(button.url);
    } catch {
      // Shown, but leads nowhere.
    }
    const safe = url && ["http:", "https:", "tel:", "mailto:"].includes(url.protocol);
    return el("a", {
      ...look, href: safe ? url.href : undefined, target: "_blank", rel: "noopener noreferrer", title: button.url,
      onclick: (event) => { if (url && phone.act.follow(url)) event.preventDefault(); },
    }, el("span", {}, button.text), icon("away"));
  }
  if (button.copy_text !== undefined) {
    return el("button", { ...look, type: "button", onclick: () => phone.act.copy(button.copy_text.text) }, el("span", {}, button.text), icon("copy"));
  }
  const node = el("button", { ...look, type: "button", "data-data": button.callback_data }, el("span", {}, button.text));
  node.addEventListener("click", () => phone.press(message, button.callback_data));
  waiting(node, phone.busy(message, button.callback_data));
  return node;
}

/** Show on a key whether its press still waits for an answer. */
export function waiting(node, busy) {
  node.classList.toggle("busy", busy);
  if (busy) node.setAttribute("aria-busy", "true");
  else node.removeAttribute("aria-busy");
}
