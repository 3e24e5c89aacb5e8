// A click on a header sorts the table by this column: first upwards, then downwards. NaN stays at the end.
for (const header of document.querySelectorAll("thead th")) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...header.childNodes);
  header.append(button);
  button.addEventListener("click", () => {
    const down = header.getAttribute("aria-sort") === "ascending", sign = down ? -1 : 1;
    const body = header.closest("table").tBodies[0], at = header.cellIndex;
    const numeric = header.classList.contains("n");
    const key = (row) => numeric ? parseFloat(row.cells[at].dataset.value) : row.cells[at].textContent;
    const order = new Intl.Collator("en", { numeric: true });
    const compare = (a, b) => {
      if (!numeric) return sign * order.compare(a, b);
      return isNaN(a) || isNaN(b) ? isNaN(a) - isNaN(b) : sign * (a - b);
    };
    body.append(...[...body.rows].sort((a, b) => compare(key(a), key(b))));
    for (const other of header.parentNode.cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", down ? "descending" : "ascending");
  });
}
