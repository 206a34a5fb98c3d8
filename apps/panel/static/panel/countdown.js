// What is left until a moment, second by second; what htmx puts in later is found too.
(() => {
  const two = (n) => String(n).padStart(2, "0");
  setInterval(() => {
    for (const place of document.querySelectorAll("[data-until]")) {
      const left = Math.max(Math.round((Date.parse(place.dataset.until) - Date.now()) / 1000), 0);
      const [hours, minutes, seconds] = [Math.floor(left / 3600), Math.floor(left / 60) % 60, left % 60];
      place.querySelector("span").textContent = (hours ? `${hours}:` : "") + `${two(minutes)}:${two(seconds)}`;
      place.hidden = left === 0;
    }
  }, 1000);
})();
