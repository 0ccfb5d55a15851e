// The page: which phones there are, where they stand, the clock between them, the guide beside them.

import { el, icon, move } from "./nodes.js";
import { Phone } from "./phone.js";
import { gist, size } from "./message.js";
import { Clock } from "./clock.js";
import { bell } from "./bell.js";
import { follow, sandbox } from "./line.js";

const find = (selector) => document.querySelector(selector);
const clock = new Clock();
const phones = new Map(); // chat id -> Phone
const shown = { patient: null, staff: null }; // the phone that stands on each side
const narrow = matchMedia("(max-width: 859px)");
let front = "patient"; // on a narrow page only one side is in view
let held = null;

const page = {
  hold(phone) {
    if (held !== phone) held?.letGo();
    held = phone;
    phone.hold();
  },
  changed() {
    tabs();
    progress();
  },
  sent(phone, text, data) {
    if (phone.staff) return;
    if (/^\/checkin\b/.test(text ?? "") || /^o:check/.test(data ?? "")) done("checkin");
    if (/^\/trigger\b/.test(text ?? "") || /^o:trigger/.test(data ?? "")) done("trigger");
  },
  came(phone, message) {
    const offers = (start) => (message.reply_markup?.inline_keyboard ?? []).flat().some((button) => button.callback_data?.startsWith(start));
    if (!phone.staff && offers("o:checkin")) done("enrol");
    if (phone.staff && offers("s:seen:")) done("ring");
  },
  rang(phone, message) {
    if (phone.staff) {
      bell.ring();
      const rail = find(".rail i");
      if (!narrow.matches) move(rail, [{ opacity: 0, left: "30%" }, { opacity: 1, left: "46%", offset: 0.3 }, { opacity: 1, left: "54%", offset: 0.7 }, { opacity: 0, left: "70%" }], { duration: 900, easing: "ease-in-out" });
      find("#announcer").textContent = `${phone.name}’s phone rings: ${gist(message).slice(0, 120)}`;
    } else {
      bell.knock();
    }
  },
  view,
};

// Phones

const sideOf = (phone) => (phone.staff ? "staff" : "patient");

async function refresh() {
  const [list, time] = await Promise.all([sandbox.phones(), sandbox.clock()]);
  setClock(time);
  const chats = await Promise.all(list.map(({ chat_id: id }) => sandbox.chat(id)));
  const there = new Set(list.map(({ chat_id: id }) => id));
  for (const [id, phone] of phones) {
    if (there.has(id)) continue;
    phone.node.remove();
    phones.delete(id);
    if (held === phone) held = null;
  }
  list.forEach((item, index) => {
    let phone = phones.get(item.chat_id);
    if (!phone) {
      phone = new Phone(item, clock, page);
      phones.set(item.chat_id, phone);
    }
    phone.token = item.start;
    phone.restore(chats[index]);
  });
  for (const side of ["patient", "staff"]) {
    if (!phones.has(shown[side]?.id)) shown[side] = [...phones.values()].find((phone) => sideOf(phone) === side) ?? null;
  }
  arrange();
  find(".waiting").hidden = phones.size > 0;
  find(".lost").hidden = true;
  document.body.classList.remove("offline");
  progress();
}

function tell(event) {
  if (event.type === "clock") {
    sandbox.clock().then(setClock, () => {});
    return;
  }
  const phone = phones.get(event.chat_id);
  if (phone) phone.hear(event);
  else if (event.chat_id > 0) refresh().catch(() => {}); // a phone that was not there before
}

function show(phone) {
  shown[sideOf(phone)] = phone;
  front = sideOf(phone);
  arrange();
  page.hold(phone);
  phone.focus();
}

function arrange() {
  for (const slot of document.querySelectorAll(".slot")) {
    const phone = shown[slot.dataset.side];
    slot.hidden = !phone;
    if (!phone) continue;
    let bar = slot.querySelector(".who");
    if (!bar) {
      bar = el("div", { className: "who" });
      slot.append(bar);
    }
    for (const node of slot.querySelectorAll(".phone")) if (node !== phone.node) node.remove();
    if (phone.node.parentNode !== slot) slot.append(phone.node);
    slot.classList.toggle("front", slot.dataset.side === front);
    phone.showEnd();
  }
  if (!shown[front]) front = shown.patient ? "patient" : "staff";
  for (const name of document.querySelectorAll("[data-name]")) {
    const phone = shown[name.dataset.name];
    if (phone) name.textContent = phone.name;
  }
  tabs();
}

/** Names above the phones, and the switch of a narrow page: one tab a phone, with what is unread. */
function tabs() {
  for (const slot of document.querySelectorAll(".slot")) {
    const bar = slot.querySelector(".who");
    const side = [...phones.values()].filter((phone) => sideOf(phone) === slot.dataset.side);
    if (!bar || !side.length) continue;
    bar.toggleAttribute("role", false);
    if (side.length > 1) bar.setAttribute("role", "tablist");
    sync(bar, side.map((phone) => tab(phone, phone === shown[slot.dataset.side], side.length === 1)));
  }
  const all = [...phones.values()];
  const bar = find(".switch");
  bar.hidden = all.length < 2;
  sync(bar, all.map((phone) => tab(phone, phone === shown[front], false)));
  const unread = all.reduce((sum, phone) => sum + phone.unread, 0);
  document.title = unread ? `(${unread}) Handrail · two phones` : "Handrail · two phones";
}

function tab(phone, selected, alone) {
  const label = [
    el("b", {}, phone.name), el("span", { className: "role" }, phone.role),
    phone.unread > 0 && el("span", { className: "unread", "aria-label": `${phone.unread} unread` }, String(phone.unread)),
  ];
  if (alone) return el("p", { className: "tab alone" }, label);
  return el("button", {
    type: "button", className: "tab", role: "tab", "aria-selected": String(selected), "aria-controls": phone.node.id, tabIndex: selected ? 0 : -1,
    "data-chat": phone.id, "data-side": sideOf(phone), onclick: () => show(phone),
    onkeydown: (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const all = [...event.currentTarget.parentNode.children];
      const next = all[(all.indexOf(event.currentTarget) + step + all.length) % all.length];
      next.focus();
    },
  }, label);
}

/** Replace the tabs only if they changed, and keep the focus on the same one. */
function sync(bar, fresh) {
  const same = bar.children.length === fresh.length && fresh.every((node, index) => node.isEqualNode(bar.children[index]));
  if (same) return;
  const focused = bar.contains(document.activeElement) ? document.activeElement.dataset.chat : null;
  bar.replaceChildren(...fresh);
  if (focused) bar.querySelector(`[data-chat="${focused}"]`)?.focus();
}

// The clock

function setClock(time) {
  clock.set(time);
  for (const button of document.querySelectorAll(".moves button")) button.disabled = time.movable === false;
  find(".clock").setAttribute("aria-busy", "false");
  tick();
  for (const phone of phones.values()) phone.tick();
}

function tick() {
  const node = find(".clock time");
  const words = narrow.matches ? clock.weekdayAndTime() : clock.dayAndTime();
  if (node.textContent === words) return;
  node.textContent = words;
  node.dateTime = clock.now().toISOString();
  const hour = clock.hour();
  find(".clock .now use").setAttribute("href", hour >= 21 || hour < 6 ? "#i-moon" : hour >= 18 || hour < 8 ? "#i-dusk" : "#i-sun");
  for (const phone of phones.values()) phone.tick();
}

async function moveOn(button) {
  const { seconds, to } = button.dataset;
  const step = seconds ? { seconds: Number(seconds) } : { to: to === "next_morning" ? clock.next(8).toISOString() : to };
  held?.letGo();
  held = null;
  const section = find(".clock");
  section.classList.add("moving");
  try {
    setClock(await sandbox.moveClock(step));
    done("clock");
    move(find(".clock time"), [{ opacity: 0.2, transform: "translateY(6px)" }, { opacity: 1, transform: "none" }], { duration: 260 });
    find("#announcer").textContent = `It is now ${clock.dayAndTime()}`;
  } catch (refused) {
    const words = to === "next_reminder" && refused.status >= 400 && refused.status < 500 ? "No reminder is planned yet: enrol first, and choose your times." : refused.message;
    notice(words);
  } finally {
    section.classList.remove("moving");
  }
}

let noticing = 0;
function notice(words) {
  find(".page-notice")?.remove();
  clearTimeout(noticing);
  const node = el("p", { className: "page-notice", role: "alert" }, words);
  document.body.append(node);
  noticing = setTimeout(() => node.remove(), 5000);
}

for (const button of document.querySelectorAll(".moves button")) button.addEventListener("click", () => moveOn(button));
setInterval(tick, 1000);

// The guide

const guide = find("#guide");
const guideButton = find("#guide-button");

function openGuide(open, focus) {
  guide.hidden = !open;
  guideButton.setAttribute("aria-expanded", String(open));
  document.body.classList.toggle("guided", open);
  for (const phone of phones.values()) phone.showEnd();
  if (focus) (open ? guide : guideButton).focus({ preventScroll: true });
}

function done(step) {
  const box = find(`[data-step="${step}"] input`);
  if (box && !box.checked) box.checked = true;
}

function progress() {
  const standing = Object.values(shown).filter(Boolean);
  if (standing.length && standing.every((phone) => !phone.blank)) done("start");
}

/** What a person chose on a wide page is kept; on a narrow one the guide covers the phone, and always starts closed. */
function chooseGuide(open) {
  if (!narrow.matches) remember("guide", open ? "open" : "closed");
  openGuide(open, true);
}

guideButton.addEventListener("click", () => chooseGuide(guide.hidden));
guide.querySelector("[data-close]").addEventListener("click", () => chooseGuide(false));
guide.addEventListener("keydown", (event) => { if (event.key === "Escape") chooseGuide(false); });
for (const chip of document.querySelectorAll("[data-send]")) {
  chip.addEventListener("click", () => {
    const phone = shown.patient;
    if (!phone) return;
    if (narrow.matches) openGuide(false, false);
    show(phone);
    phone.say(chip.dataset.send);
  });
}

// Sound

const sound = find("#sound");
function setSound(on) {
  bell.turn(on);
  sound.setAttribute("aria-pressed", String(on));
  sound.querySelector("use").setAttribute("href", on ? "#i-loud" : "#i-mute");
}
sound.addEventListener("click", () => {
  setSound(!bell.on);
  bell.knock();
});

// Pictures and documents

const viewer = find(".viewer");
let viewing = 0;

async function view(phone, message) {
  const file = message.photo?.at(-1) ?? message.document;
  const name = message.document?.file_name ?? "Photo";
  const address = sandbox.file(file.file_id);
  const body = viewer.querySelector(".viewer-body");
  const save = viewer.querySelector(".viewer-save");
  const mine = ++viewing;
  viewer.querySelector(".viewer-name").textContent = name;
  viewer.classList.toggle("guarded", Boolean(message.has_protected_content));
  save.hidden = Boolean(message.has_protected_content);
  save.href = address;
  save.download = message.document?.file_name ?? "photo.jpg";
  body.replaceChildren(el("p", {}, "Opening…"));
  viewer.showModal();
  const picture = () => el("img", { src: address, alt: message.caption ?? name, onerror: () => body.replaceChildren(el("p", {}, "This picture has nothing to show.")) });
  const type = message.document?.mime_type ?? "";
  if (message.photo || /^image\/(png|jpe?g|gif|webp)$/.test(type)) {
    body.replaceChildren(picture());
    return;
  }
  let inside;
  if (/^text\/|json|csv|markdown/.test(type) || /\.(txt|md|json|csv|html?)$/i.test(name)) {
    try {
      const answer = await fetch(address);
      if (!answer.ok) throw new Error(String(answer.status));
      const words = (await answer.text()).slice(0, 200_000);
      inside = /html/.test(type) || /\.html?$/i.test(name) ? readable(words) : el("pre", { tabIndex: 0 }, pretty(words, type, name));
    } catch {
      inside = el("p", {}, "This document cannot be opened just now.");
    }
  } else {
    inside = el("p", {}, `No preview for this kind of document (${size(file.file_size) || type || "unknown"}). You can save it.`);
  }
  if (mine === viewing) body.replaceChildren(inside);
}

function pretty(words, type, name) {
  if (!/json/.test(type) && !/\.json$/i.test(name)) return words;
  try {
    return JSON.stringify(JSON.parse(words), null, 2);
  } catch {
    return words;
  }
}

/** The words of an HTML document without its markup: a stranger's page never runs here. */
function readable(words) {
  return el("pre", { className: "prose", tabIndex: 0 }, words.replace(/<(style|script|head)\b[^]*?<\/\1>/gi, "").replace(/<\/(p|h\d|li|tr|div|dt|dd|section)>|<br\b[^>]*>/gi, "\n").replace(/<[^>]*>/g, "")
    .replace(/&(lt|gt|quot|#39|nbsp|amp);/g, (_, each) => ({ lt: "<", gt: ">", quot: "\"", "#39": "'", nbsp: " ", amp: "&" })[each]).replace(/[ \t]*\n\s*\n\s*/g, "\n\n").trim());
}

viewer.querySelector(".viewer-close").addEventListener("click", () => viewer.close());
viewer.addEventListener("click", (event) => { if (event.target === viewer) viewer.close(); });
viewer.addEventListener("close", () => { viewing++; viewer.querySelector(".viewer-body").replaceChildren(); });

// Begin

function remember(name, value) {
  try {
    localStorage.setItem(`handrail-${name}`, value);
  } catch {
    // A browser that keeps nothing is fine.
  }
}

function recall(name) {
  try {
    return localStorage.getItem(`handrail-${name}`);
  } catch {
    return null;
  }
}

openGuide(recall("guide") !== "closed" && matchMedia("(min-width: 1180px)").matches, false);
window.addEventListener("focus", () => held?.hold());
narrow.addEventListener("change", () => { arrange(); tick(); });
follow({
  refresh, tell,
  lost() {
    find(".lost").hidden = false;
    document.body.classList.add("offline");
  },
});
