// Small makers of DOM nodes. Text goes in as text: nothing here can turn a string into markup.

const SVG = "http://www.w3.org/2000/svg";

/** An element with properties and children; `aria-*`, `data-*` and `role` become attributes. */
export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name in node && !name.includes("-") && name !== "role") node[name] = value;
    else node.setAttribute(name, String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function icon(name) {
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  picture.append(use);
  return picture;
}

const gentle = matchMedia("(prefers-reduced-motion: reduce)");

/** Animate unless the person asked for less motion; resolves when it is over either way. */
export async function move(node, frames, options) {
  if (gentle.matches || !node.isConnected) return;
  try {
    await node.animate(frames, { easing: "cubic-bezier(.2,.8,.3,1)", ...options }).finished;
  } catch {
    // The node left the page, or a newer animation took over.
  }
}

/** How a scroll should move: at once for those who asked for less motion. */
export const scrolling = () => (gentle.matches ? "instant" : "smooth");
