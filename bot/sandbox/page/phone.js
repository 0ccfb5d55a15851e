// One phone: a private chat of one person with the bot.
//
// It shows what the sandbox says and nothing else: a message sent here appears when the sandbox tells of it, a pressed
// button waits until its callback is answered, an edit or a deletion happens when it has happened.

import { el, move, scrolling } from "./nodes.js";
import { draw, waiting } from "./message.js";
import { Popover } from "./popover.js";
import { sandbox } from "./line.js";

const FORGOTTEN = 30_000; // ms after which a phone stops waiting for an answer to a press
const TYPING = 5_000; // ms that one chat action is shown, as in Telegram
const NEAR = 96; // px from the end within which the log follows what is new
const RUN = 300; // s within which messages of one sender stand close together
const DOING = { typing: "typing", upload_photo: "sending a photo", upload_document: "sending a file", record_voice: "recording", upload_voice: "sending a voice note", choose_sticker: "choosing a sticker" };
const ATTACH = [["photo", "Photo"], ["voice", "Voice note"], ["sticker", "Sticker"], ["document", "Document"]];

export class Phone {
  title = "Handrail";
  username = null;
  blocked = false;
  commands = [];
  unread = 0;
  held = false;
  #shown = new Map(); // message_id -> { message, node, drawn }
  #days = new Map(); // local day -> { section, label, date }
  #pressed = new Map(); // "message_id data" -> { id, timer }
  #answered = new Set(); // callback ids whose answer came before the press returned
  #queue = Promise.resolve(); // what is sent leaves in order
  #loaded = false;
  #editing = null;
  #token = null; // from a t.me link opened on this phone
  #list; // what is open over the chat
  #atEnd = true;
  #below = 0;
  #typing = 0;
  #toasting = 0;
  #rest = 0; // the timer that ends a scroll

  /** `page` hears `hold(phone)`, `changed(phone)`, `sent(phone, text)`, `came(phone, message)`, `rang(phone, message)`, `view(phone, message)`. */
  constructor({ chat_id, name, role, start }, clock, page) {
    Object.assign(this, { id: chat_id, name, role, token: start, clock, page });
    this.staff = role !== "patient";
    this.node = document.getElementById("phone").content.firstElementChild.cloneNode(true);
    this.node.id = `phone-${chat_id}`;
    this.node.dataset.side = this.staff ? "staff" : "patient";
    this.node.setAttribute("aria-label", `${name}’s phone, ${role}`);
    const find = (selector) => this.node.querySelector(selector);
    this.ui = {
      screen: find(".screen"), time: find(".status-bar time"), head: find(".chat-head"), title: find("h3"), state: find(".chat-state"), bell: find(".bell"),
      chat: find(".chat"), log: find(".log"), empty: find(".empty"), toEnd: find(".to-end"), count: find(".count"), toast: find(".toast"), foot: find(".foot"),
      popover: find(".popover"), editing: find(".editing"), composer: find(".composer"), field: find("textarea"), menu: find(".commands"),
      attach: find(".attach"), more: find(".more"), send: find(".send"), start: find(".start"), startButton: find(".start-button"), later: find(".later"), veil: find(".veil"),
    };
    this.act = {
      command: (text) => this.say(text),
      copy: (text) => this.#copy(text),
      follow: (url) => this.#follow(url),
    };
    const { ui } = this;
    ui.log.setAttribute("aria-label", `${name}’s chat`);
    ui.field.setAttribute("aria-label", `Message from ${name}`);
    ui.toEnd.setAttribute("aria-label", "Go to the newest message");
    ui.popover.id = `popover-${chat_id}`;
    this.#list = new Popover(ui);

    this.node.addEventListener("pointerdown", () => page.hold(this), true);
    this.node.addEventListener("focusin", () => page.hold(this));
    this.node.addEventListener("keydown", (event) => this.#key(event));
    ui.log.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    ui.log.addEventListener("contextmenu", (event) => this.#context(event));
    ui.toEnd.addEventListener("click", () => this.#toEnd(scrolling()));
    ui.composer.addEventListener("submit", (event) => { event.preventDefault(); this.#submit(); });
    ui.field.addEventListener("input", () => this.#typed());
    ui.field.addEventListener("keydown", (event) => this.#fieldKey(event));
    ui.menu.addEventListener("click", () => (this.#list.opener === ui.menu ? this.#list.close(true) : this.#offer(this.commands, ui.menu)));
    ui.more.addEventListener("click", () => this.#about());
    ui.attach.addEventListener("click", () => (this.#list.opener === ui.attach ? this.#list.close(true) : this.#attach()));
    ui.editing.querySelector("button").addEventListener("click", () => this.#stopEditing());
    ui.startButton.addEventListener("click", () => this.#begin());
    ui.later.addEventListener("click", () => { this.#token = null; this.#foot(); });
    // Pictures that load, edits that grow and a rising keyboard must not push the end out of sight.
    const settle = new ResizeObserver(() => { if (this.#atEnd) this.#toEnd("instant"); });
    settle.observe(ui.log);
    settle.observe(ui.log.appendChild(el("div", { className: "days" })));
    ui.days = ui.log.firstElementChild;
    this.#head();
    this.tick();
  }

  // What the sandbox says

  /** How the chat stands now; anything shown that is not in it goes. */
  restore({ bot, messages, commands, menu_button: menuButton, blocked }) {
    this.#name(bot);
    this.blocked = Boolean(blocked);
    this.#setCommands(commands, menuButton);
    const there = new Set(messages.map((message) => message.message_id));
    for (const id of [...this.#shown.keys()]) if (!there.has(id)) this.#drop(id, false);
    for (const message of messages) this.#put(message, !this.#loaded);
    if (!this.#loaded) {
      this.#loaded = true;
      for (const message of messages) this.mine(message) ? this.page.sent(this, message.text) : this.page.came(this, message);
      this.ui.log.setAttribute("aria-busy", "false");
      this.#toEnd("instant");
    }
    this.#foot();
  }

  hear(event) {
    switch (event.type) {
      case "message":
      case "edit":
        this.#put(event.message, false);
        this.#foot();
        break;
      case "delete":
        for (const id of event.message_ids ?? [event.message_id ?? event.message?.message_id]) this.#drop(id, true);
        break;
      case "answer": this.#answer(event.answer ?? event); break;
      case "action": this.#doing(event.action); break;
      case "commands": this.#setCommands(event.commands, event.menu_button); break;
      default: break;
    }
  }

  get blank() {
    return this.#shown.size === 0;
  }

  mine(message) {
    return message.from !== undefined && !message.from.is_bot && message.from.id === this.id;
  }

  busy(message, data) {
    return this.#pressed.has(`${message.message_id} ${data}`);
  }

  // What the person does

  say(text) {
    const words = text.trim();
    if (!words) return;
    this.page.sent(this, words);
    this.#atEnd = true;
    this.#do(() => sandbox.send(this.id, words), () => {
      if (!this.ui.field.value) this.#fill(words);
    });
  }

  async press(message, data) {
    const key = `${message.message_id} ${data}`;
    if (this.#pressed.has(key)) return;
    const press = { id: null, timer: setTimeout(() => this.#settle(key), FORGOTTEN) };
    this.#pressed.set(key, press);
    this.#busyKeys(message.message_id);
    this.page.sent(this, null, data);
    try {
      const answer = await sandbox.press(this.id, message.message_id, data);
      press.id = String(answer?.callback_query_id ?? answer?.id ?? "");
      if (this.#answered.delete(press.id)) this.#settle(key);
    } catch (refused) {
      this.#settle(key);
      this.toast(refused.message);
    }
  }

  view(message) {
    this.page.view(this, message);
  }

  /** What can be done with a message, as [icon, words, action]. */
  choices(message) {
    const mine = this.mine(message);
    const words = message.text ?? message.caption;
    return [
      mine && words !== undefined && ["pencil", "Edit", () => this.#edit(message)],
      words !== undefined && !message.has_protected_content && ["copy", "Copy text", () => this.#copy(words)],
      mine && ["bin", "Delete", () => this.#do(() => sandbox.remove(this.id, message.message_id))],
    ].filter(Boolean);
  }

  choose(message, opener) {
    if (this.#list.opener === opener) return this.#list.close(true);
    return this.#list.menu(this.choices(message), opener, true);
  }

  // The phone itself

  tick() {
    this.ui.time.textContent = this.clock.bare();
    for (const { label, date } of this.#days.values()) label.textContent = this.clock.dayName(date);
  }

  hold() {
    if (this.held && !this.unread) return;
    this.held = true;
    this.node.classList.add("held");
    this.read();
  }

  letGo() {
    this.held = false;
    this.node.classList.remove("held");
  }

  read() {
    this.unread = 0;
    this.node.classList.remove("calling", "ringing");
    this.ui.bell.hidden = true;
    this.page.changed(this);
  }

  ring() {
    const { node } = this;
    this.ui.bell.hidden = false;
    node.classList.remove("ringing");
    void node.offsetWidth; // so that a second alert shakes again
    node.classList.add("calling", "ringing");
    setTimeout(() => node.classList.remove("ringing"), 1800);
  }

  focus() {
    (this.ui.start.hidden ? this.ui.field : this.ui.startButton).focus({ preventScroll: true });
  }

  showEnd() {
    if (this.#atEnd) this.#toEnd("instant");
  }

  toast(words) {
    const { toast } = this.ui;
    clearTimeout(this.#toasting);
    toast.hidden = false;
    toast.textContent = words;
    move(toast, [{ opacity: 0, transform: "translateY(-8px)" }, { opacity: 1, transform: "none" }], { duration: 160 });
    this.#toasting = setTimeout(() => { toast.hidden = true; toast.textContent = ""; }, Math.max(3500, words.length * 60));
  }

  // Messages

  #put(message, quiet) {
    const id = message.message_id;
    const drawn = JSON.stringify(message);
    const before = this.#shown.get(id);
    if (before?.drawn === drawn) return;
    if (message.from?.is_bot) this.#name(message.from);
    if (before) {
      this.#redraw(before, message, drawn);
      return;
    }
    const node = el("div", { tabIndex: -1 });
    draw(node, message, this);
    this.#shown.set(id, { message, node, drawn });
    this.#place(node, message);
    const mine = this.mine(message);
    if (!mine) this.#doing(null);
    this.#group(node);
    if (quiet) return;
    move(node, [{ opacity: 0, transform: `translateY(14px) scale(.98)` }, { opacity: 1, transform: "none" }], { duration: 220 });
    if (mine || this.#atEnd) this.#show(node);
    else this.#later(1);
    if (!mine) this.#notify(message);
  }

  #redraw(shown, message, drawn) {
    const { node } = shown;
    const focused = node.contains(document.activeElement) ? document.activeElement.dataset.data ?? "" : null;
    const words = (each) => JSON.stringify([each.text, each.caption, each.entities]);
    const reworded = words(shown.message) !== words(message);
    const from = node.offsetHeight;
    if (this.#list.opener && node.contains(this.#list.opener)) this.#list.close(false);
    Object.assign(shown, { message, drawn });
    const joined = node.classList.contains("joined");
    const followed = node.classList.contains("followed");
    draw(node, message, this);
    node.classList.toggle("joined", joined);
    node.classList.toggle("followed", followed);
    if (focused !== null) ([...node.querySelectorAll("[data-data]")].find((each) => each.dataset.data === focused) ?? node).focus({ preventScroll: true });
    if (reworded) {
      move(node.querySelector(".bubble"), [{ opacity: 0.45 }, { opacity: 1 }], { duration: 320 });
      move(node, [{ height: `${from}px`, overflow: "hidden" }, { height: `${node.offsetHeight}px`, overflow: "hidden" }], { duration: 200 });
    }
    if (this.#atEnd) this.#toEnd("instant");
  }

  async #drop(id, gently) {
    const shown = this.#shown.get(id);
    if (!shown) return;
    this.#shown.delete(id);
    if (this.#editing === id) this.#stopEditing();
    const { node } = shown;
    if (this.#list.opener && node.contains(this.#list.opener)) this.#list.close(false);
    if (node.contains(document.activeElement)) this.ui.log.focus({ preventScroll: true });
    node.inert = true;
    delete node.dataset.id;
    if (gently) {
      await move(node, [
        { opacity: 1, height: `${node.offsetHeight}px`, overflow: "hidden" },
        { opacity: 0, height: `${node.offsetHeight}px`, overflow: "hidden", transform: "scale(.94)", offset: 0.55 },
        { opacity: 0, height: "0px", marginTop: "0px", overflow: "hidden", transform: "scale(.9)" },
      ], { duration: 320, fill: "forwards" });
    }
    const section = node.parentNode;
    const next = node.nextElementSibling;
    node.remove();
    if (next) this.#group(next);
    if (section && !section.querySelector(".message")) {
      section.remove();
      this.#days.delete(section.dataset.day);
    }
    this.#foot();
  }

  /** Into its day, after every message with a smaller number. */
  #place(node, { date, message_id: id }) {
    const moment = new Date(date * 1000);
    const key = this.clock.day(moment);
    let day = this.#days.get(key);
    if (!day) {
      const label = el("span", {}, this.clock.dayName(moment));
      day = { label, date: moment, section: el("section", { className: "day", "data-day": key }, el("h4", {}, label)) };
      this.#days.set(key, day);
      const later = [...this.ui.days.children].find((section) => section.dataset.day > key);
      this.ui.days.insertBefore(day.section, later ?? null);
    }
    let before = day.section.lastElementChild;
    while (before.classList.contains("message") && Number(before.dataset.id ?? 0) > id) before = before.previousElementSibling;
    before.after(node);
  }

  /** Messages of one sender, close in time, stand together as one run. */
  #group(node) {
    for (const each of [node, node.nextElementSibling]) {
      const mine = this.#shown.get(Number(each?.dataset.id))?.message;
      const other = this.#shown.get(Number(each?.previousElementSibling?.dataset.id))?.message;
      if (!mine) continue;
      const joined = other !== undefined && other.from?.id === mine.from?.id && mine.date - other.date < RUN && !other.reply_markup?.inline_keyboard;
      each.classList.toggle("joined", joined);
      if (other) each.previousElementSibling.classList.toggle("followed", joined);
    }
  }

  #notify(message) {
    this.page.came(this, message);
    if (this.held && document.hasFocus()) return;
    this.unread += 1;
    this.page.changed(this);
    if (this.held) return;
    if (this.staff) this.ring();
    else this.node.classList.add("calling");
    this.page.rang(this, message);
  }

  // Callbacks

  #answer({ callback_query_id: id, message_id: messageId, data, text, alert: loud, url }) {
    const key = messageId !== undefined && data !== undefined
      ? `${messageId} ${data}`
      : [...this.#pressed].find(([, press]) => press.id === String(id))?.[0];
    if (key && this.#pressed.has(key)) this.#settle(key);
    else if (id !== undefined) this.#answered.add(String(id));
    if (url) {
      try {
        this.#follow(new URL(url));
      } catch {
        // Not an address: Telegram would not have let it through.
      }
    }
    if (!text) return;
    if (loud) this.#alert(text);
    else this.toast(text);
  }

  #settle(key) {
    const press = this.#pressed.get(key);
    if (!press) return;
    clearTimeout(press.timer);
    this.#pressed.delete(key);
    this.#busyKeys(Number(key.slice(0, key.indexOf(" "))));
  }

  #busyKeys(messageId) {
    const shown = this.#shown.get(messageId);
    for (const node of shown?.node.querySelectorAll(".key[data-data]") ?? []) waiting(node, this.busy(shown.message, node.dataset.data));
  }

  #alert(words) {
    const { veil, screen } = this.ui;
    const before = document.activeElement;
    const notice = veil.firstElementChild;
    const rest = [...screen.children].filter((child) => child !== veil);
    notice.querySelector("h4").textContent = this.title;
    notice.querySelector("p").textContent = words;
    notice.setAttribute("aria-label", `${this.title}: ${words}`);
    rest.forEach((child) => { child.inert = true; });
    veil.hidden = false;
    move(veil, [{ opacity: 0 }, { opacity: 1 }], { duration: 140 });
    const button = notice.querySelector("button");
    const close = () => {
      veil.hidden = true;
      rest.forEach((child) => { child.inert = false; });
      if (before?.isConnected) before.focus({ preventScroll: true });
    };
    button.onclick = close;
    veil.onkeydown = (event) => { if (event.key === "Escape") { event.stopPropagation(); close(); } };
    if (this.held || this.node.contains(before)) button.focus({ preventScroll: true });
  }

  // Scrolling

  #scrolled() {
    const { log } = this.ui;
    log.classList.add("scrolling");
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => log.classList.remove("scrolling"), 300);
    for (const { section, label } of this.#days.values()) label.parentNode.classList.toggle("stuck", label.parentNode.offsetTop > section.offsetTop + 12);
    this.#atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR;
    if (this.#atEnd) this.#below = 0;
    this.#later(0);
  }

  #toEnd(behavior) {
    const { log } = this.ui;
    this.#atEnd = true;
    log.scrollTo({ top: log.scrollHeight, behavior });
    this.#below = 0;
    this.#later(0);
  }

  /** Go to what has just come: to its end, or to its beginning when it is taller than the screen. */
  #show(node) {
    const { log } = this.ui;
    if (node.offsetHeight <= log.clientHeight) {
      this.#toEnd(scrolling());
      return;
    }
    this.#atEnd = false;
    log.scrollTo({ top: node.offsetTop - 40, behavior: scrolling() });
    this.#later(0);
  }

  #later(more) {
    this.#below += more;
    this.ui.toEnd.hidden = this.#atEnd;
    this.ui.count.hidden = this.#below === 0;
    this.ui.count.textContent = String(this.#below);
  }

  // The head and the foot

  #name(bot) {
    if (!bot) return;
    this.title = bot.first_name ?? this.title;
    this.username = bot.username ?? this.username;
    this.#head();
  }

  #head() {
    this.ui.title.textContent = this.title;
    if (!this.#typing) this.ui.state.textContent = "bot";
  }

  #doing(action) {
    clearTimeout(this.#typing);
    this.#typing = 0;
    const { state } = this.ui;
    state.classList.toggle("doing", Boolean(action));
    if (!action) {
      state.textContent = "bot";
      return;
    }
    state.replaceChildren(DOING[action] ?? "busy", el("span", { className: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i")));
    this.#typing = setTimeout(() => this.#doing(null), TYPING);
  }

  #foot() {
    const { ui } = this;
    const starting = this.#loaded && (this.blank || this.#token !== null);
    ui.start.hidden = !starting;
    ui.later.hidden = this.#token === null;
    ui.startButton.textContent = this.#token === null ? "Start" : "Start with this invitation";
    ui.composer.hidden = starting;
    ui.empty.hidden = !(this.#loaded && this.blank);
    if (this.blocked && this.#loaded) {
      ui.start.hidden = false;
      ui.composer.hidden = true;
      ui.startButton.textContent = "Unblock";
    }
    if (!ui.empty.hidden) {
      ui.empty.querySelector("b").textContent = `${this.name}’s phone`;
      ui.empty.querySelector("p").textContent = this.token
        ? "An invitation is waiting. Press Start to open it."
        : "Nothing here yet. Press Start to say hello.";
    }
    this.page.changed(this);
  }

  #begin() {
    if (this.blocked) {
      this.#block(false);
      return;
    }
    const line = this.#token ?? this.token ?? "/start";
    this.#token = null;
    this.say(line);
    this.ui.composer.hidden = false;
    this.ui.start.hidden = true;
    this.ui.field.focus({ preventScroll: true });
  }

  // The composer

  #do(call, failed) {
    this.#queue = this.#queue.then(call).catch((refused) => {
      failed?.();
      this.toast(refused.message);
    });
    return this.#queue;
  }

  #submit() {
    const { field } = this.ui;
    const words = field.value.trim();
    if (!words) return;
    const editing = this.#editing;
    if (editing === null) {
      this.#fill("");
      this.say(words);
    } else {
      const before = this.#shown.get(editing)?.message;
      this.#stopEditing();
      if (words !== (before?.text ?? before?.caption)) this.#do(() => sandbox.edit(this.id, editing, words));
    }
    this.#list.close(false);
  }

  #fill(words) {
    const { field } = this.ui;
    field.value = words;
    this.#typed();
    field.setSelectionRange(words.length, words.length);
  }

  #typed() {
    const { field, send } = this.ui;
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight}px`;
    send.disabled = !field.value.trim();
    const start = /^\/(\w*)$/.exec(field.value);
    const fitting = start && this.#editing === null ? this.commands.filter(({ command }) => command.startsWith(start[1].toLowerCase())) : [];
    if (fitting.length) this.#offer(fitting, field);
    else if (this.#list.opener === field) this.#list.close(false);
  }

  #fieldKey(event) {
    if (event.isComposing) return;
    const { field } = this.ui;
    if (this.#list.opener === field && this.#list.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#submit();
    } else if (event.key === "ArrowUp" && !field.value && this.#editing === null) {
      const last = [...this.#shown.values()].map(({ message }) => message)
        .filter((message) => this.mine(message) && message.text !== undefined)
        .sort((a, b) => b.message_id - a.message_id)[0];
      if (!last) return;
      event.preventDefault();
      this.#edit(last);
    }
  }

  #edit(message) {
    const { editing, field, send } = this.ui;
    this.#editing = message.message_id;
    editing.hidden = false;
    const words = message.text ?? message.caption;
    editing.querySelector("span").textContent = words;
    send.setAttribute("aria-label", "Save the change");
    this.#fill(words);
    field.focus({ preventScroll: true });
  }

  #stopEditing() {
    if (this.#editing === null) return;
    this.#editing = null;
    this.ui.editing.hidden = true;
    this.ui.send.setAttribute("aria-label", "Send");
    this.#fill("");
    this.ui.field.focus({ preventScroll: true });
  }

  #key(event) {
    if (event.key !== "Escape") return;
    if (this.#list.opener) this.#list.close(true);
    else if (this.#editing !== null) this.#stopEditing();
    else this.focus();
  }

  // Lists that open above the composer or beside a message

  #setCommands(commands, menuButton) {
    this.commands = commands ?? [];
    this.ui.menu.hidden = this.commands.length === 0 || (menuButton?.type ?? "commands") !== "commands" && menuButton?.type !== "default";
  }

  #offer(commands, opener) {
    this.#list.offer(commands, opener, (command, only) => {
      this.#list.close(false);
      this.#fill(only ? `/${command} ` : "");
      this.ui.field.focus({ preventScroll: true });
      if (!only) this.say(`/${command}`);
    });
  }

  #about() {
    if (this.#list.opener === this.ui.more) return this.#list.close(true);
    return this.#list.menu([["block", this.blocked ? `Unblock ${this.title}` : `Block ${this.title}`, () => this.#block(!this.blocked)]], this.ui.more, true);
  }

  #block(on) {
    this.#do(async () => {
      await sandbox.block(this.id, on);
      this.blocked = on;
      this.#foot();
      this.focus();
    });
  }

  #attach() {
    const send = (kind) => () => {
      const caption = ["photo", "document"].includes(kind) ? this.ui.field.value.trim() : "";
      if (caption) this.#fill("");
      this.#atEnd = true;
      this.#do(() => sandbox.media(this.id, kind, caption));
      this.ui.field.focus({ preventScroll: true });
    };
    this.#list.menu(ATTACH.map(([kind, words]) => [kind === "document" ? "file" : kind, words, send(kind)]), this.ui.attach, false);
  }

  #context(event) {
    const node = event.target.closest(".message");
    const shown = this.#shown.get(Number(node?.dataset.id));
    if (!shown || event.target.closest("a, textarea") || String(getSelection())) return;
    const opener = node.querySelector(".choose");
    if (!opener) return;
    event.preventDefault();
    this.choose(shown.message, opener);
  }

  async #copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      this.toast("Copied");
    } catch {
      this.toast("This browser did not allow copying.");
    }
  }

  /** A t.me link to this very bot opens on this phone, as it would in Telegram. */
  #follow(url) {
    const bot = url.protocol === "tg:" ? url.searchParams.get("domain") : ["t.me", "telegram.me"].includes(url.hostname) && url.pathname.slice(1);
    if (!bot || bot.toLowerCase() !== this.username?.toLowerCase()) return false;
    const token = url.searchParams.get("start");
    if (token) {
      this.#token = `/start ${token}`;
      this.#foot();
      this.ui.startButton.focus({ preventScroll: true });
    }
    return true;
  }
}
