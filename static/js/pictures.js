// Pictures by their address, fetched once. The server lets no browser keep them, so they are held here, a few at a
// time, and are gone with the page.

const HELD = 24;
const held = new Map();

const fetched = async (address) => {
  const picture = new Image();
  picture.src = address;
  await picture.decode();
  return picture;
};

/** The picture, ready to be drawn; rejected when it is damaged or missing, and then asked for again next time. */
export const load = (address) => {
  const picture = held.get(address) ?? fetched(address);
  held.delete(address);
  held.set(address, picture);
  picture.catch(() => held.delete(address));
  for (const oldest of [...held.keys()].slice(0, Math.max(0, held.size - HELD))) {
    held.delete(oldest);
  }
  return picture;
};

/** Hold a picture that the page has begun to fetch by itself. */
export const adopt = (address, picture) => {
  held.set(address, picture.decode().then(() => picture));
  held.get(address).catch(() => held.delete(address));
};

/** Fetch ahead what may be asked for next; nobody is told when it fails. */
export const prefetch = (address) => {
  if (address) {
    load(address).catch(() => {});
  }
};
