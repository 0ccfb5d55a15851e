// The sandbox's time: what it is now, and how it reads. Between two words from the sandbox it runs on by itself.

const locale = navigator.language?.startsWith("en") ? navigator.language : "en-US";
const MINUTE = 60_000;

export class Clock {
  #base = Date.now();
  #since = performance.now();
  zone;

  /** Take what GET or POST /sandbox/clock answered: {"now": ISO text or seconds, "zone"?: IANA name}. */
  set(answer) {
    const said = answer?.now ?? answer;
    const now = typeof said === "number" ? said * 1000 : Date.parse(said);
    if (Number.isNaN(now)) return;
    this.#base = now;
    this.#since = performance.now();
    if (answer.zone) this.zone = answer.zone;
  }

  now() {
    return new Date(this.#base + performance.now() - this.#since);
  }

  #as(date, options) {
    return new Intl.DateTimeFormat(locale, { timeZone: this.zone, ...options }).format(date);
  }

  time(date = this.now()) {
    return this.#as(date, { hour: "numeric", minute: "2-digit" });
  }

  /** As a phone's status bar has it: without AM or PM. */
  bare(date = this.now()) {
    const parts = new Intl.DateTimeFormat(locale, { timeZone: this.zone, hour: "numeric", minute: "2-digit" }).formatToParts(date);
    return parts.filter(({ type }) => type !== "dayPeriod").map(({ value }) => value).join("").trim();
  }

  weekdayAndTime(date = this.now()) {
    return this.#as(date, { weekday: "short", hour: "numeric", minute: "2-digit" });
  }

  dayAndTime(date = this.now()) {
    return this.#as(date, { weekday: "short", day: "numeric", month: "short", hour: "numeric", minute: "2-digit" });
  }

  /** A key that is the same for two moments of one local day, in order of days. */
  day(date) {
    const parts = new Intl.DateTimeFormat("en-CA", { timeZone: this.zone, year: "numeric", month: "2-digit", day: "2-digit" });
    return parts.format(date);
  }

  dayName(date) {
    const days = Math.round((Date.parse(this.day(this.now())) - Date.parse(this.day(date))) / (24 * 60 * MINUTE));
    if (days === 0) return "Today";
    if (days === 1) return "Yesterday";
    const year = this.day(date).slice(0, 4) === this.day(this.now()).slice(0, 4) ? undefined : "numeric";
    return this.#as(date, { weekday: days > 1 && days < 7 ? "long" : undefined, day: "numeric", month: "long", year });
  }

  #minuteOfDay(date) {
    const parts = new Intl.DateTimeFormat("en-GB", { timeZone: this.zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    const [hour, minute] = parts.format(date).split(":").map(Number);
    return hour * 60 + minute;
  }

  hour(date = this.now()) {
    return Math.floor(this.#minuteOfDay(date) / 60);
  }

  /** The next moment at which clocks here show `hour`:00, right over a change of clocks too. */
  next(hour) {
    const now = this.now();
    const ahead = (hour * 60 - this.#minuteOfDay(now) + 24 * 60 - 1) % (24 * 60) + 1;
    const guess = new Date(Math.floor(now / MINUTE) * MINUTE + ahead * MINUTE);
    const off = this.#minuteOfDay(guess) - hour * 60;
    return Math.abs(off) <= 120 ? new Date(guess - off * MINUTE) : guess;
  }
}
