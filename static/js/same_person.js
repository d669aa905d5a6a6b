// A page shows what its own person may see, as it is now: never what the browser kept from before, and nothing any more
// once somebody else has signed in beside it.

const root = document.documentElement;
const { person } = root.dataset;

const renew = () => {
  root.dataset.covered = ""; // at once; the answer may take a while
  location.reload();
};

addEventListener("pagehide", () => {
  root.dataset.covered = ""; // should the browser keep the page, it is kept covered
});
addEventListener("pageshow", (event) => {
  if (event.persisted) {
    renew();
  } else {
    delete root.dataset.covered;
  }
});

if (person) {
  const tabs = new BroadcastChannel("person");
  tabs.addEventListener("message", ({ data }) => {
    if (data !== person) {
      renew();
    }
  });
  tabs.postMessage(person);
}
