// Tells the server this browser's time zone, so that times are shown in it unless the person chose another.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const name = document.documentElement.dataset.zoneCookie;

if (zone && /^[A-Za-z0-9_+\-/]+$/.test(zone)) {
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `${name}=${zone}; path=/; max-age=31536000; samesite=lax${secure}`;
}
