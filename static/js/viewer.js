// The sliders of the overlays, and a plain sentence when a picture cannot be shown. Switching works without this.

for (const slider of document.querySelectorAll("input[data-overlay]")) {
  const layer = document.getElementById(slider.dataset.overlay);
  const output = document.querySelector(`output[for="${slider.id}"]`);
  const apply = () => {
    layer.style.opacity = String(slider.valueAsNumber / 100);
    output.textContent = `${slider.value}\u00a0%`;
  };
  slider.closest("[data-slider]").hidden = false;
  slider.addEventListener("input", apply);
  apply();
}

const damaged = document.getElementById("picture-damaged");
for (const picture of document.querySelectorAll(".layers img")) {
  const tell = () => {
    damaged.hidden = false;
  };
  picture.addEventListener("error", tell);
  if (picture.complete && picture.naturalWidth === 0 && picture.currentSrc && picture.loading !== "lazy") {
    tell();
  }
}
