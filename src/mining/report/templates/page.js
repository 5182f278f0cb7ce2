"use strict";
(() => {
  const tools = document.getElementById("tools");
  const find = document.getElementById("find");
  const told = document.getElementById("found");
  const fields = {
    persona: ["persona", "name", "group"],
    channel: ["channel", "channel_from", "channel_to", "source"],
    period: ["quarter", "period"],
  };
  const text = (node) => node.textContent.trim();
  // Which columns of each table each choice looks at.
  const tables = [...document.querySelectorAll("table[data-fields]")].map((table) => {
    const names = table.dataset.fields.split("|");
    const places = {};
    for (const [choice, known] of Object.entries(fields)) {
      places[choice] = names.flatMap((name, place) => (known.includes(name) ? [place] : []));
    }
    return { rows: [...table.tBodies[0].rows], places };
  });
  const choices = {};
  for (const choice of Object.keys(fields)) {
    const box = document.getElementById("choose-" + choice);
    const values = new Set([...document.querySelectorAll("[data-" + choice + "]")].map((node) => node.dataset[choice]));
    for (const { rows, places } of tables) {
      for (const row of rows) places[choice].forEach((place) => row.cells[place] && values.add(text(row.cells[place])));
    }
    values.delete("–");
    for (const value of [...values].sort()) box.add(new Option(value.length > 60 ? value.slice(0, 60) + "…" : value, value));
    box.parentElement.hidden = values.size < 2;
    choices[choice] = box;
  }
  // A year holds its quarters and months, and they stand in it.
  const same = (choice, value, chosen) =>
    value === chosen || (choice === "period" && value && (value.startsWith(chosen) || chosen.startsWith(value)));
  const fits = (row, places) =>
    Object.entries(choices).every(([choice, box]) => {
      if (!box.value || !places[choice].length) return true;
      return places[choice].some((place) => row.cells[place] && same(choice, text(row.cells[place]), box.value));
    });
  const show = () => {
    const words = find.value.trim().toLocaleLowerCase();
    const holds = (node) => !words || text(node).toLocaleLowerCase().includes(words);
    for (const { rows, places } of tables) {
      for (const row of rows) row.hidden = !(fits(row, places) && holds(row));
    }
    for (const choice of ["persona", "period"]) {
      const chosen = choices[choice].value;
      for (const node of document.querySelectorAll("[data-" + choice + "]")) {
        node.hidden = Boolean(chosen) && !same(choice, node.dataset[choice], chosen);
        const fold = node.closest("details");
        if (fold && chosen) fold.open = true;
      }
    }
    let n = 0;
    for (const section of document.querySelectorAll("main > section")) {
      section.hidden = !holds(section);
      n += section.hidden ? 0 : 1;
      if (words && !section.hidden) {
        for (const fold of section.querySelectorAll("details")) fold.open = holds(fold);
      }
    }
    const chosen = words || Object.values(choices).some((box) => box.value);
    told.textContent = chosen ? n + " / " + document.querySelectorAll("main > section").length : "";
  };
  tools.addEventListener("submit", (event) => event.preventDefault());
  tools.addEventListener("reset", () => setTimeout(show));
  tools.addEventListener("input", show);
  tools.hidden = false;
})();
