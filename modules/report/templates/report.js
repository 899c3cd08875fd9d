// Long tables open with their first rows; a search looks through all of them. Without this script,
// and in print, every row is there.
for (const finder of document.querySelectorAll("[data-finder]")) {
  const rows = [...finder.querySelectorAll("tbody tr")];
  const names = rows.map(row => plain(row.cells[0].textContent));
  const field = finder.querySelector("input");
  const status = finder.querySelector("[role=status]");
  const button = finder.querySelector("button");
  let first = Number(finder.dataset.first);

  function plain(text) {
    return text.trim().normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  }

  function show() {
    const wanted = plain(field.value);
    let found = 0, shown = 0;
    rows.forEach((row, number) => {
      const fits = names[number].includes(wanted);
      const isShown = fits && (wanted !== "" || found < first);
      found += fits;
      shown += isShown;
      row.classList.toggle("folded", !isShown);
    });
    button.hidden = shown === found;
    status.textContent = wanted
      ? `${found.toLocaleString("en")} found`
      : `${shown.toLocaleString("en")} of ${rows.length.toLocaleString("en")} shown`;
  }

  field.addEventListener("input", show);
  button.addEventListener("click", () => {
    first = rows.length;
    show();
    field.focus({preventScroll: true});
  });
  finder.querySelector(".finder").hidden = false;
  show();
}
