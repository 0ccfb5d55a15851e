// The one list that may be open over a phone: its commands, or what can be done with something.

import { el, icon, move } from "./nodes.js";

export class Popover {
  /** The node that opened the list; null while none is open. */
  opener = null;
  #offered = [];
  #picked = -1;
  #take = null;

  /** `field` is the composer's: while words are typed there, it keeps the focus and its keys choose from the list. */
  constructor({ popover, foot, screen, field, menu }) {
    Object.assign(this, { node: popover, foot, screen, field, menuButton: menu });
    document.addEventListener("pointerdown", ({ target }) => {
      if (this.opener && target !== field && !popover.contains(target) && !this.opener.contains(target)) this.close(false);
    });
  }

  /** Commands to choose from: `take(command, only)` sends one, or only writes it. */
  offer(commands, opener, take) {
    const { node: popover, field, menuButton } = this;
    this.close(false);
    this.opener = opener;
    this.#take = take;
    this.#offered = commands;
    popover.className = "popover list";
    popover.setAttribute("role", "listbox");
    popover.setAttribute("aria-label", "Commands");
    popover.tabIndex = -1;
    popover.replaceChildren(...commands.map(({ command, description }, index) => el("div", {
      className: "option", role: "option", id: `${popover.id}-${index}`, "aria-selected": "false",
      onclick: () => take(commands[index].command, false), onpointermove: () => this.#pick(index),
    }, el("b", {}, `/${command}`), el("span", {}, description),
    el("span", { className: "insert", title: "Write it without sending (Tab)", "aria-hidden": "true", onclick: (event) => { event.stopPropagation(); take(commands[index].command, true); } }, icon("insert")))));
    popover.onkeydown = (event) => this.key(event);
    popover.hidden = false;
    field.setAttribute("aria-controls", popover.id);
    menuButton.setAttribute("aria-expanded", String(opener === menuButton));
    this.#picked = -1;
    this.#pick(0);
    if (opener !== field) popover.focus({ preventScroll: true });
    move(popover, [{ opacity: 0, transform: "translateY(8px)" }, { opacity: 1, transform: "none" }], { duration: opener === field ? 0 : 140 });
  }

  #pick(index) {
    const { node: popover, field } = this;
    if (index === this.#picked || !this.#offered.length) return;
    popover.children[this.#picked]?.setAttribute("aria-selected", "false");
    this.#picked = (index + this.#offered.length) % this.#offered.length;
    const option = popover.children[this.#picked];
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    (this.opener === field ? field : popover).setAttribute("aria-activedescendant", option.id);
  }

  /** Whether the key meant the list; then it has done its work. */
  key(event) {
    switch (event.key) {
      case "ArrowDown": this.#pick(this.#picked + 1); break;
      case "ArrowUp": this.#pick(this.#picked - 1); break;
      case "Home": this.#pick(0); break;
      case "End": this.#pick(this.#offered.length - 1); break;
      case "Tab": if (event.shiftKey) return false; this.#chosen(true); break;
      case "Enter": if (event.shiftKey) return false; this.#chosen(false); break;
      default: return false;
    }
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  #chosen(only) {
    this.#take(this.#offered[this.#picked].command, only);
  }

  /** Things to do, as [icon, words, action]: above the composer, or beside what opened the list. */
  menu(choices, opener, beside) {
    const { node: popover, screen } = this;
    this.close(false);
    this.opener = opener;
    opener.setAttribute("aria-expanded", "true");
    popover.className = beside ? "popover menu beside" : "popover menu";
    popover.setAttribute("role", "menu");
    popover.setAttribute("aria-label", opener.getAttribute("aria-label"));
    popover.replaceChildren(...choices.map(([name, words, action]) => el("button", {
      type: "button", role: "menuitem", className: name === "bin" ? "option risky" : "option",
      onclick: () => { this.close(true); action(); },
    }, icon(name), el("span", {}, words))));
    popover.onkeydown = (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      const items = [...popover.children];
      if (step) items.at((items.indexOf(document.activeElement) + step) % items.length).focus();
      else if (event.key === "Tab") this.close(false);
      if (step) event.preventDefault();
    };
    popover.hidden = false;
    if (beside) {
      const box = opener.getBoundingClientRect();
      const around = screen.getBoundingClientRect();
      const below = box.bottom + popover.offsetHeight + 8 < around.bottom;
      const top = below ? box.bottom + 4 : box.top - popover.offsetHeight - 4;
      const left = Math.min(Math.max(box.right - popover.offsetWidth, around.left + 8), around.right - popover.offsetWidth - 8);
      const foot = this.foot.getBoundingClientRect();
      popover.style.setProperty("--top", `${top - foot.top}px`);
      popover.style.setProperty("--left", `${left - foot.left}px`);
    }
    popover.firstElementChild?.focus({ preventScroll: true });
    move(popover, [{ opacity: 0, transform: "scale(.96)" }, { opacity: 1, transform: "none" }], { duration: 120 });
  }

  close(back) {
    const { node: popover, menuButton, field } = this;
    if (!this.opener) return;
    const opener = this.opener;
    this.opener = null;
    this.#offered = [];
    popover.hidden = true;
    popover.replaceChildren();
    popover.removeAttribute("aria-activedescendant");
    field.removeAttribute("aria-activedescendant");
    menuButton.setAttribute("aria-expanded", "false");
    if (opener !== field && opener !== menuButton) opener.setAttribute("aria-expanded", "false");
    if (back && opener.isConnected) opener.focus({ preventScroll: true });
  }
}
