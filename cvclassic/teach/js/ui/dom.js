// Elements made in one call. Text is always text: nothing here parses HTML.

export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name in element && name !== "list") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

// A number for people: a true minus sign, no trailing zeros unless a width is asked for.
export function num(value, digits = 2, fixed = false) {
  if (!Number.isFinite(value)) return "–";
  const text = fixed ? value.toFixed(digits) : String(Number(value.toFixed(digits)));
  return (Number(text) === 0 ? text.replace("-", "") : text).replace("-", "−");
}

export function count(value) {
  return value.toLocaleString("en-US");
}

export function plural(n, one, many = `${one}s`) {
  return `${count(n)} ${n === 1 ? one : many}`;
}

// A line or block whose text changes; screen readers hear of it if it is `spoken`.
export function readout({ spoken = false, className = "readout" } = {}) {
  const element = h("p", { class: className, "aria-live": spoken ? "polite" : undefined });
  return {
    element,
    set: (...parts) => element.replaceChildren(...parts),
  };
}

export function strong(text) {
  return h("strong", {}, text);
}
