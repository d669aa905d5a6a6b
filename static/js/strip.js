// The strip of a case's images: one stop for the tab key, arrow keys within it, the current image in sight.

const strip = document.getElementById("strip");
const links = strip ? [...strip.querySelectorAll("a")] : [];

const stopAt = (link) => {
  for (const one of links) {
    one.tabIndex = one === link ? 0 : -1;
  }
};

const bringIntoSight = (link) => {
  const item = link.closest("li");
  strip.scrollLeft = item.offsetLeft - (strip.clientWidth - item.offsetWidth) / 2;
};

/** Mark the image at this address as the one before the doctor. */
export const markCurrent = (href) => {
  for (const link of links) {
    if (link.pathname === href) {
      link.setAttribute("aria-current", "true");
      stopAt(link);
      bringIntoSight(link);
    } else {
      link.removeAttribute("aria-current");
    }
  }
};

/** Mark the image at this address as read by the doctor. */
export const markRead = (href) => {
  const state = links.find((link) => link.pathname === href)?.querySelector("[data-state]");
  state?.replaceChildren(document.getElementById("strip-read").content.cloneNode(true));
};

const placeAfter = (key, place) =>
  ({ ArrowLeft: place - 1, ArrowRight: place + 1, Home: 0, End: links.length - 1 })[key];

strip?.addEventListener("keydown", (event) => {
  const place = links.indexOf(event.target.closest("a"));
  const link = links[placeAfter(event.key, place)];
  if (link) {
    event.preventDefault();
    stopAt(link);
    link.focus({ preventScroll: true });
    bringIntoSight(link);
  }
});
markCurrent(location.pathname);
