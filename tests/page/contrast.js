// How far words stand out from what they stand on (WCAG's ratio), for every pair of colours that the page puts together.
() => {
  const parse = (color) => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
    const pen = canvas.getContext("2d");
    pen.fillStyle = color;
    pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data];
  };
  const over = (top, under) => top.slice(0, 3).map((value, index) => value * top[3] / 255 + under[index] * (1 - top[3] / 255));
  const light = (color) => color.slice(0, 3).map((value) => value / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
  const ratio = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
  const found = [];
  for (const phone of document.querySelectorAll(".phone")) {
    const style = getComputedStyle(phone);
    const color = (name) => parse(style.getPropertyValue(name));
    for (const [words, ground, under] of [
      ["--ink", "--theirs"], ["--ink", "--mine"], ["--ink", "--surface"], ["--ink-soft", "--theirs"], ["--ink-soft", "--surface"],
      ["--ink-soft", "--ground"], ["--mine-soft", "--mine"], ["--accent-text", "--theirs"], ["--accent-text", "--mine"], ["--accent-text", "--surface"],
      ["--accent-text", "--key", "--wall"], ["--accent-text", "--key", "--wall-low"], ["--on-accent", "--accent"],
      ["--on-marigold", "--marigold"], ["--ink", "--marigold-soft"], ["--danger", "--surface"],
    ]) found.push([`${phone.dataset.side} ${words} on ${ground}`, ratio(color(words), under ? over(color(ground), color(under)) : color(ground))]);
    found.push([`${phone.dataset.side} white on --pill`, ratio([255, 255, 255], over(color("--pill"), color("--wall-low")))]);
  }
  return found;
}
