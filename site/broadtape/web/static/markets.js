// Look-ups as one types, and the quotes one has looked at. The list of those is kept in this browser's own storage
// and leaves it only as the symbols whose prices are asked for; forms and links do without any of this.
"use strict";

(() => {
  const KEY = "broadtape.viewed";
  const MOST = 24;

  const remembered = () => {
    try {
      const found = JSON.parse(localStorage.getItem(KEY) || "[]");
      return Array.isArray(found) ? found.filter((one) => /^[A-Z0-9]+:[A-Z0-9.\-/$=^]{1,30}$/.test(one)).slice(0, MOST) : [];
    } catch { return []; } // storage is off, or holds something else
  };

  const remember = (symbols) => {
    try { localStorage.setItem(KEY, JSON.stringify(symbols.slice(0, MOST))); } catch { /* storage is off */ }
  };

  const here = document.querySelector("[data-viewed]")?.dataset.viewed;
  const before = remembered();
  if (here) remember([here, ...before.filter((one) => one !== here)]);

  // --- recently viewed ---

  const element = (name, className, text) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  };

  for (const section of document.querySelectorAll("[data-recent]")) {
    const symbols = before.filter((one) => one !== here).slice(0, Number(section.dataset.recent));
    if (!symbols.length) continue;
    section.querySelector("[data-forget]").addEventListener("click", () => { remember(here ? [here] : []); section.hidden = true; });
    fetch(`/api/v1/quotes?symbols=${symbols.map(encodeURIComponent).join(",")}`).then((answer) => answer.json()).then(({ quotes }) => {
      if (!quotes.length) return;
      const arrows = { up: "▲", down: "▼", flat: "–" };
      const spoken = { up: "up", down: "down", flat: "unchanged" };
      section.querySelector("tbody").replaceChildren(...quotes.map((quote) => {
        const row = element("tr");
        const name = element("th");
        name.scope = "row";
        const link = Object.assign(element("a", "", quote.ticker), { href: new URL(quote.url).pathname, title: quote.name });
        name.append(link, " ", element("span", "asof", quote.printed.as_of));
        const change = element("span", `change ${quote.printed.direction}`);
        const arrow = element("span", "arrow", arrows[quote.printed.direction]);
        arrow.setAttribute("aria-hidden", "true");
        change.append(arrow, element("span", "sr", `${spoken[quote.printed.direction]} `), quote.printed.change_percent);
        const moved = element("td", "num");
        moved.append(change);
        row.append(name, element("td", "num", quote.printed.price), moved);
        return row;
      }));
      section.hidden = false;
    }).catch(() => { /* the rest of the page is there */ });
  }

  // --- look-ups ---

  let number = 0;
  for (const field of document.querySelectorAll("input[data-lookup]")) {
    const list = element("ul", "choices");
    list.id = `choices-${++number}`;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "Instruments");
    list.hidden = true;
    field.after(list);
    for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-controls", list.id], ["aria-expanded", "false"]]) field.setAttribute(name, value);
    let waiting = 0;
    let at = -1;

    const close = () => { list.hidden = true; at = -1; field.setAttribute("aria-expanded", "false"); field.removeAttribute("aria-activedescendant"); };

    const choose = (item) => {
      if (field.dataset.lookup === "open") { location.href = item.dataset.url; return; }
      field.value = item.dataset.symbol;
      close();
      field.form.requestSubmit();
    };

    const mark = (to) => {
      const items = [...list.children];
      at = (to + items.length) % items.length;
      items.forEach((item, place) => item.setAttribute("aria-selected", String(place === at)));
      field.setAttribute("aria-activedescendant", items[at].id);
      items[at].scrollIntoView({ block: "nearest" });
    };

    field.addEventListener("input", () => {
      clearTimeout(waiting);
      const text = field.value.trim();
      if (!text) { close(); return; }
      waiting = setTimeout(() => {
        fetch(`/api/v1/symbols?q=${encodeURIComponent(text)}&limit=8`).then((answer) => answer.json()).then(({ symbols }) => {
          if (field.value.trim() !== text || document.activeElement !== field) return;
          if (!symbols.length) { close(); return; }
          list.replaceChildren(...symbols.map((one, place) => {
            const item = element("li");
            item.id = `${list.id}-${place}`;
            item.setAttribute("role", "option");
            item.setAttribute("aria-selected", "false");
            item.dataset.url = one.url;
            item.dataset.symbol = one.symbol;
            item.append(element("b", "", one.ticker), " ", element("span", "", one.former ? `${one.name} (formerly or also ${one.former})` : one.name));
            item.addEventListener("mousedown", (event) => { event.preventDefault(); choose(item); });
            return item;
          }));
          at = -1;
          list.hidden = false;
          field.setAttribute("aria-expanded", "true");
        }).catch(close);
      }, 120);
    });

    field.addEventListener("keydown", (event) => {
      if (list.hidden) return;
      if (event.key === "ArrowDown") { event.preventDefault(); mark(at + 1); }
      if (event.key === "ArrowUp") { event.preventDefault(); mark(at < 0 ? -1 : at - 1); }
      if (event.key === "Escape") { event.preventDefault(); close(); }
      if (event.key === "Enter" && at >= 0) { event.preventDefault(); choose(list.children[at]); }
    });
    field.addEventListener("blur", close);
  }
})();
