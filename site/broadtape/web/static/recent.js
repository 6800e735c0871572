// The quotes one has looked at. Their list is kept in this browser's own storage and leaves it only as the symbols
// whose prices are asked for. Stands right behind the group that it fills, so that nothing below is there yet to move;
// prices are put into rows that have their size already.
"use strict";

(() => {
  const KEY = "broadtape.viewed";
  const MOST = 24;
  const ARROWS = { up: "▲", down: "▼", flat: "–" };
  const SPOKEN = { up: "up", down: "down", flat: "unchanged" };

  const remembered = () => {
    try {
      const found = JSON.parse(localStorage.getItem(KEY) || "[]");
      return Array.isArray(found) ? found.filter((one) => /^[A-Z0-9]+:[A-Z0-9.\-/$=^]{1,30}$/.test(one)).slice(0, MOST) : [];
    } catch { return []; } // storage is off, or holds something else
  };

  const remember = (symbols) => {
    try { localStorage.setItem(KEY, JSON.stringify(symbols.slice(0, MOST))); } catch { /* storage is off */ }
  };

  const element = (name, className, text) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  };

  const here = document.querySelector("[data-viewed]")?.dataset.viewed;
  const before = remembered();
  if (here && before[0] !== here) remember([here, ...before.filter((one) => one !== here)]);

  for (const section of document.querySelectorAll("[data-recent]:not([data-filled])")) {
    section.dataset.filled = "yes";
    const symbols = before.filter((one) => one !== here).slice(0, Number(section.dataset.recent));
    if (!symbols.length) continue;
    const rows = new Map(symbols.map((symbol) => {
      const row = element("tr");
      const name = element("th");
      name.scope = "row";
      const link = Object.assign(element("a", "", symbol.split(":")[1]), { href: `/quotes/${encodeURIComponent(symbol).replace("%3A", ":").replace("%2F", "/")}/` });
      name.append(link, " ", element("span", "asof", "\u00a0"));
      row.append(name, element("td", "num", "\u00a0"), element("td", "num", "\u00a0"));
      return [symbol, row];
    }));
    section.querySelector("tbody").append(...rows.values());
    section.querySelector("[data-forget]").addEventListener("click", () => { remember(here ? [here] : []); section.hidden = true; });
    section.hidden = false;
    fetch(`/api/v1/quotes?symbols=${symbols.map(encodeURIComponent).join(",")}`).then((answer) => answer.json()).then(({ quotes, missing }) => {
      for (const symbol of missing) { // returns including dividends are no price: its page says what we have
        const price = rows.get(symbol)?.children[1];
        if (price) price.replaceChildren(element("span", "none", "no price"));
      }
      for (const quote of quotes) {
        const [name, price, moved] = rows.get(quote.symbol)?.children ?? [];
        if (!name) continue;
        name.querySelector("a").title = quote.name;
        name.querySelector(".asof").textContent = quote.printed.as_of;
        price.textContent = quote.printed.price;
        const change = element("span", `change ${quote.printed.direction}`);
        const arrow = element("span", "arrow", ARROWS[quote.printed.direction]);
        arrow.setAttribute("aria-hidden", "true");
        change.append(arrow, element("span", "sr", `${SPOKEN[quote.printed.direction]} `), quote.printed.change_percent);
        moved.replaceChildren(change);
      }
    }).catch(() => { /* the links are there */ });
  }
})();
