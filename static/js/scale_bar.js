// How long something in the image is: a bar of 1, 2 or 5 times a power of ten, as long as fits.

const LONGEST = 140; // pixels on the page

/** The longest length of 1, 2 or 5 times a power of ten, in micrometres, that is no longer than `longest` pixels. */
export const stepFor = (micrometresPerPixel, longest = LONGEST) => {
  const room = micrometresPerPixel * longest;
  const power = 10 ** Math.floor(Math.log10(room));
  return (room >= 5 * power ? 5 : room >= 2 * power ? 2 : 1) * power;
};

const words = (micrometres) => {
  const [length, unit] = micrometres >= 1000 ? [micrometres / 1000, "mm"] : micrometres >= 1 ? [micrometres, "µm"] : [micrometres * 1000, "nm"];
  return `${Number(length.toPrecision(1))}\u00a0${unit}`;
};

/** Draw the bar into `element` for a resolution of the screen in micrometres a pixel; null: it is not known. */
export const draw = (element, micrometresPerPixel) => {
  element.hidden = micrometresPerPixel === null;
  if (micrometresPerPixel === null) {
    return;
  }
  const step = stepFor(micrometresPerPixel);
  element.querySelector("[data-bar]").style.width = `${step / micrometresPerPixel}px`;
  element.querySelector("[data-length]").textContent = words(step);
};
