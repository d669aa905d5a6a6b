// An image's page: the picture with its layers, what is adjusted, and going from image to image. Without this script
// the page shows the plain picture, and links lead to the other images.
import { on } from "./keys.js";
import { adopt, load, prefetch } from "./pictures.js";
import * as scaleBar from "./scale_bar.js";
import { Stage } from "./stage.js";

const figure = document.getElementById("viewer");
const live = figure.querySelector("[data-live]");
const damaged = document.getElementById("picture-damaged");
const zoomed = figure.querySelector("[data-zoom]");
const layers = [...figure.querySelectorAll("[data-layer]")];
const adjusters = [...figure.querySelectorAll("[data-adjust]")];
let shown = null; // what the page says of the picture on the stage

const changed = () => {
  zoomed.textContent = `${Math.round(100 * stage.zoom)}\u00a0%`;
  const resolution = shown?.micrometres ? Number(shown.micrometres) / stage.zoom : null;
  scaleBar.draw(figure.querySelector("[data-scale]"), resolution);
};

const stage = new Stage({ element: live, words: figure.dataset.words, changed });

const pictureOf = (root) => root.querySelector("[data-picture]")?.dataset ?? null;

/** The addresses of what is seen of the picture as the layers are switched now. */
const addressesOf = (picture) => [
  picture.display,
  ...layers.filter((layer) => switchOf(layer).checked).map((layer) => picture[layer.dataset.layer]),
];

const switchOf = (layer) => layer.querySelector("input[type=checkbox]");
const sliderOf = (layer) => layer.querySelector("input[type=range]");

const say = (slider) => {
  slider.parentElement.querySelector("output").textContent = `${slider.value}\u00a0%`;
};

/** A layer over the picture, fetched when it is wanted for the first time. */
const layOver = async (layer) => {
  const kind = layer.dataset.layer;
  const address = shown?.[kind];
  const before = document.getElementById(`layer-${kind}`);
  if (!address || (before && before.dataset.address === address)) {
    return;
  }
  try {
    const picture = await load(address);
    if (shown?.[kind] === address) {
      Object.assign(picture, { id: `layer-${kind}`, className: `over ${kind}`, alt: layer.dataset.alt });
      picture.dataset.address = address;
      stage.lay(picture);
      follow(layer);
    }
  } catch {
    damaged.hidden = false;
  }
};

/** Let the layer follow its switch and its slider. */
const follow = (layer) => {
  const isOn = switchOf(layer).checked;
  const picture = document.getElementById(`layer-${layer.dataset.layer}`);
  say(sliderOf(layer));
  if (picture) {
    picture.hidden = !isOn;
    picture.style.opacity = String(sliderOf(layer).valueAsNumber / 100);
  } else if (isOn) {
    layOver(layer);
  }
};

const adjust = () => {
  const values = Object.fromEntries(adjusters.map((slider) => [slider.dataset.adjust, slider.valueAsNumber / 100]));
  adjusters.forEach(say);
  stage.adjust(values);
};

const reset = () => {
  for (const slider of adjusters) {
    slider.value = "100";
  }
  adjust();
};

/** Put on the stage what the page says now. Resolved when it is drawn, and also when it cannot be. */
export const show = async () => {
  shown = pictureOf(figure);
  figure.hidden = shown === null;
  figure.closest(".reading").classList.toggle("reading-without", shown === null);
  damaged.hidden = true;
  if (!shown) {
    return;
  }
  for (const layer of layers) {
    layer.hidden = !shown[layer.dataset.layer];
  }
  const { display: address, width, height } = shown;
  try {
    await stage.open({ address, width: Number(width), height: Number(height) });
    performance.mark("image-drawn"); // what benchmarks/next_image.py waits for
    layers.forEach(follow);
  } catch {
    damaged.hidden = false;
  }
};

/** Make ready what `root`, not in the page yet, says of another image: the stage shows its pictures, fetched ahead. */
export const prepare = (root) => {
  const picture = pictureOf(root);
  root.querySelectorAll("[data-picture] img").forEach((plain) => plain.remove());
  if (picture) {
    addressesOf(picture).forEach(prefetch);
  }
};

const fill = () => (document.fullscreenElement ? document.exitFullscreen() : figure.requestFullscreen());

const toggle = (kind) => {
  const layer = layers.find((one) => one.dataset.layer === kind);
  if (!layer || layer.hidden) {
    return false;
  }
  switchOf(layer).click();
  return true;
};

/** Arrow keys move a picture of which a part is seen, while it has the focus; else they are somebody else's. */
const moved = (event) => {
  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (steps && stage.has(event.target) && !stage.isWhole) {
    event.preventDefault();
    stage.move(...steps);
  }
};

const acts = {
  "zoom-in": () => stage.nearer(),
  "zoom-out": () => stage.farther(),
  fit: () => stage.fit(),
  "one-to-one": () => stage.oneToOne(),
  "full-screen": fill,
};

for (const [name, act] of Object.entries(acts)) {
  figure.querySelector(`[data-act="${name}"]`).addEventListener("click", act);
  on(name, () => {
    act();
    return true;
  });
}
on("outline", () => toggle("outline"));
on("map", () => toggle("map"));
live.addEventListener("keydown", moved);
document.addEventListener("fullscreenchange", () => {
  const button = figure.querySelector("[data-act=full-screen]");
  button.setAttribute("aria-pressed", String(document.fullscreenElement === figure));
});
for (const layer of layers) {
  switchOf(layer).addEventListener("change", () => follow(layer));
  sliderOf(layer).addEventListener("input", () => follow(layer));
}
for (const slider of adjusters) {
  slider.addEventListener("input", adjust);
}
figure.querySelector("[data-reset]").addEventListener("click", reset);
for (const part of figure.querySelectorAll("[data-with-script]")) {
  part.hidden = false;
}
for (const plain of figure.querySelectorAll("[data-picture] img")) {
  if (plain.loading !== "lazy") {
    adopt(plain.getAttribute("src"), plain);
  }
  plain.remove();
}
figure.classList.add("is-live");
adjust();
show();
