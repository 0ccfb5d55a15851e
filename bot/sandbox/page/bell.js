// The sound of a phone: two soft tones for a ring, one for a message. Off until somebody turns it on.

let context = null;

function tone(at, pitch, length, loudness) {
  const source = context.createOscillator();
  const volume = context.createGain();
  source.type = "sine";
  source.frequency.value = pitch;
  volume.gain.setValueAtTime(0, at);
  volume.gain.linearRampToValueAtTime(loudness, at + 0.015);
  volume.gain.exponentialRampToValueAtTime(0.0001, at + length);
  source.connect(volume).connect(context.destination);
  source.start(at);
  source.stop(at + length + 0.05);
}

export const bell = {
  get on() {
    return context !== null;
  },
  /** Must be called from a press: browsers let nothing else make a sound. */
  turn(on) {
    if (on && !context) context = new AudioContext();
    if (!on && context) {
      context.close();
      context = null;
    }
  },
  ring() {
    if (!context) return;
    for (const round of [0, 0.55, 1.1]) {
      tone(context.currentTime + round, 784, 0.35, 0.14);
      tone(context.currentTime + round + 0.16, 1047, 0.45, 0.12);
    }
  },
  knock() {
    if (context) tone(context.currentTime, 659, 0.25, 0.07);
  },
};
