// The picture on its stage: zoomed and moved by wheel, pinch, drag and keys, with layers over it. OpenSeadragon draws
// it; its own buttons and keys are left out, ours are in the page.
import { load } from "./pictures.js";

const LARGEST = 40; // screen pixels a pixel of the image
const STEP = 1.5; // how much nearer a key or a button goes
const MOVE = 60; // screen pixels a key moves the picture

const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;

/** One picture in one piece: its tile is as large as the image, however far the stored picture was shrunk. */
const sourceOf = ({ width, height, address }, picture) => {
  const whole = { width, height, tileWidth: width, tileHeight: height, minLevel: 0, maxLevel: 0 };
  const source = new OpenSeadragon.TileSource({ ...whole, getTileUrl: () => address });
  source.downloadTileStart = (job) => {
    const canvas = document.createElement("canvas");
    canvas.width = picture.naturalWidth;
    canvas.height = picture.naturalHeight;
    const context = canvas.getContext("2d");
    context.drawImage(picture, 0, 0);
    job.finish(context, null, "context2d");
  };
  source.downloadTileAbort = () => {};
  return source;
};

/** OpenSeadragon brings a style of its own, which the page's policy refuses, unless it finds one under this name. */
const keepStyleOut = () => {
  const mark = document.createElementNS("about:mark", "style"); // in no language that a browser would apply
  mark.setAttribute("data-openseadragon-mobile-css", "");
  document.head.append(mark);
};

export class Stage {
  #viewer;
  #picture = null;
  #awaited = null; // who waits for which source to be drawn

  /** `element` gets the picture, `words` name it; `changed` is told after every change of what is seen. */
  constructor({ element, words, changed }) {
    keepStyleOut();
    this.#viewer = OpenSeadragon({
      element,
      drawer: "canvas",
      showNavigationControl: false,
      keyboardNavEnabled: false,
      gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true },
      animationTime: isStill ? 0 : 0.3,
      immediateRender: true,
      blendTime: 0,
      visibilityRatio: 0.2,
      minZoomImageRatio: 0.5,
      maxZoomPixelRatio: LARGEST,
      crossOriginPolicy: false,
    });
    this.#viewer.canvas.setAttribute("role", "group");
    this.#viewer.canvas.setAttribute("aria-label", words);
    for (const kind of ["open", "update-viewport", "resize"]) {
      this.#viewer.addHandler(kind, () => this.#follow(changed));
    }
    this.#viewer.addHandler("tile-drawn", (event) => this.#settle(event.tiledImage.source));
  }

  /** Show another picture, fitted: `width` and `height` of the image, `address` of what shows it. Resolved once it is
   * drawn; rejected when it is damaged or missing, and then nothing is shown. */
  async open(picture) {
    this.#picture = picture;
    this.#viewer.clearOverlays();
    this.#viewer.close();
    const loaded = await load(picture.address);
    if (this.#picture === picture) {
      await this.#draw(sourceOf(picture, loaded));
    }
  }

  /** Lay an element over the picture, exactly as large as it. */
  lay(element) {
    const { width, height } = this.#picture;
    this.#viewer.addOverlay({ element, location: new OpenSeadragon.Rect(0, 0, 1, height / width) });
  }

  /** Brightness and contrast of the picture alone, without its layers; 1 is as it is. */
  adjust({ brightness, contrast }) {
    this.#viewer.drawer.canvas.style.filter = `brightness(${brightness}) contrast(${contrast})`;
  }

  /** How many pixels of the screen a pixel of the image takes; 0 while there is none. */
  get zoom() {
    const image = this.#viewer.world.getItemAt(0);
    return image ? image.viewportToImageZoom(this.#viewer.viewport.getZoom(true)) : 0;
  }

  nearer() {
    this.#zoomBy(STEP);
  }

  farther() {
    this.#zoomBy(1 / STEP);
  }

  fit() {
    this.#viewer.viewport.goHome(isStill);
  }

  /** A pixel of the image on a pixel of the screen. */
  oneToOne() {
    const image = this.#viewer.world.getItemAt(0);
    if (image) {
      this.#viewer.viewport.zoomTo(image.imageToViewportZoom(1), null, isStill);
    }
  }

  /** Move by steps to the right and down. */
  move(right, down) {
    const by = new OpenSeadragon.Point(right * MOVE, down * MOVE);
    this.#viewer.viewport.panBy(this.#viewer.viewport.deltaPointsFromPixels(by), isStill);
    this.#viewer.viewport.applyConstraints(isStill);
  }

  /** Whether all of the picture is seen, so that there is nothing to move. */
  get isWhole() {
    const { viewport } = this.#viewer;
    return viewport.getZoom() <= viewport.getHomeZoom() * 1.01;
  }

  /** Whether this element of the page is the picture, when it has the focus. */
  has(element) {
    return this.#viewer.element.contains(element);
  }

  #draw(source) {
    return new Promise((resolve) => {
      this.#awaited = { source, resolve };
      this.#viewer.open(source);
    });
  }

  #settle(source) {
    if (this.#awaited?.source === source) {
      this.#awaited.resolve();
      this.#awaited = null;
    }
  }

  #zoomBy(factor) {
    this.#viewer.viewport.zoomBy(factor, null, isStill);
    this.#viewer.viewport.applyConstraints(isStill);
  }

  /** Enlarged pixels are shown as they are: nothing is smoothed that the microscope did not see. */
  #follow(changed) {
    if (this.#picture && this.zoom) {
      this.#viewer.drawer.setImageSmoothingEnabled(this.zoom < 1);
      changed();
    }
  }
}
