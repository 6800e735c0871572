// What a browser adds: the clock runs on, and a figure opens its proof in place. Every page works without it.
// No storage, no requests but facts.json of the story one is reading.
"use strict";

(() => {
  const clock = document.querySelector("time.clock");
  if (clock) {
    const months = ["Jan.", "Feb.", "March", "April", "May", "June", "July", "Aug.", "Sept.", "Oct.", "Nov.", "Dec."];
    let format;
    try {
      format = new Intl.DateTimeFormat("en-US", {
        timeZone: clock.dataset.zone, hourCycle: "h23", weekday: "long",
        year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "2-digit",
      });
    } catch { /* a zone this browser does not know: the server's time stays */ }
    const tick = () => {
      const now = new Date();
      const part = Object.fromEntries(format.formatToParts(now).map((p) => [p.type, p.value]));
      const hour = Number(part.hour);
      clock.dateTime = now.toISOString();
      clock.hidden = false; // a printed page leaves the time to the browser
      clock.textContent = `${months[part.month - 1]} ${part.day}, ${part.year}, ` +
        `${hour % 12 || 12}:${part.minute} ${hour < 12 ? "a.m." : "p.m."}`;
      const weekday = document.querySelector(".weekday");
      if (weekday) weekday.textContent = `${part.weekday},`;
      setTimeout(tick, 60000 - (now.getSeconds() * 1000 + now.getMilliseconds()) + 50);
    };
    if (format) tick();
  }

  const loaded = new Map(); // address of facts.json → promise of its facts
  let card = null;
  let opener = null;

  const facts = (address) => {
    if (!loaded.has(address)) {
      loaded.set(address, fetch(address).then((answer) => {
        if (!answer.ok) throw new Error(answer.status);
        return answer.json();
      }).then((data) => data.facts));
      loaded.get(address).catch(() => loaded.delete(address));
    }
    return loaded.get(address);
  };

  const element = (name, text, className) => {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    if (className) made.className = className;
    return made;
  };

  const close = (refocus) => {
    if (!card) return;
    card.remove();
    card = null;
    opener.removeAttribute("aria-expanded");
    if (refocus) opener.focus();
  };

  const MONTHS = ["Jan.", "Feb.", "March", "April", "May", "June", "July", "Aug.", "Sept.", "Oct.", "Nov.", "Dec."];
  const spoken = (day) => {
    const [year, month, date] = day.split("-").map(Number);
    return date && MONTHS[month - 1] ? `${MONTHS[month - 1]} ${date}, ${year}` : day;
  };

  const inputs = (evidence) => {
    const rows = (evidence && evidence.rows || []).slice(0, 6);
    if (!rows.length) return null;
    const table = element("table");
    const body = element("tbody");
    for (const row of rows) {
      const line = element("tr");
      const name = element("th", row.series);
      name.scope = "row";
      line.append(name, element("td", spoken(row.day)), element("td", row.field === "adj_close" ? "adjusted close" : row.field), element("td", row.value, "num"));
      body.append(line);
    }
    table.append(body);
    return table;
  };

  const show = (link, fact) => {
    close(false);
    opener = link;
    card = element("div", "", "proof-card");
    card.setAttribute("role", "dialog");
    card.setAttribute("aria-labelledby", "proof-card-title");
    card.tabIndex = -1;
    const title = element("h2", `“${link.textContent.trim()}”`);
    title.id = "proof-card-title";
    const shut = element("button", "×", "close");
    shut.type = "button";
    shut.setAttribute("aria-label", "Close");
    shut.addEventListener("click", () => close(true));
    const evidence = fact.evidence || {};
    const sources = new Set([...(evidence.rows || []), ...(evidence.spans || [])].map((one) => one.source));
    const more = (evidence.rows || []).length > 6 || (evidence.spans || []).length;
    const full = element("a", more ? "All inputs and their digests" : "The full proof", "full");
    full.href = link.href;
    card.append(title, element("p", fact.printed, "value"), element("p", fact.status_words), element("p", `${fact.title}: ${fact.wording}`, "fine"));
    const table = inputs(evidence);
    if (table) card.append(table);
    card.append(element("p", `Data as of ${fact.as_of_words}.${sources.size ? ` Source: ${[...sources].join("; ")}.` : ""}`, "fine"), full, shut);
    document.body.append(card);
    const at = link.getClientRects()[0];
    const left = Math.min(at.left + scrollX, scrollX + document.documentElement.clientWidth - card.offsetWidth - 12);
    const below = at.bottom + 8 + card.offsetHeight < innerHeight || at.top < card.offsetHeight;
    card.style.left = `${Math.max(12, left)}px`;
    card.style.top = `${scrollY + (below ? at.bottom + 8 : at.top - card.offsetHeight - 8)}px`;
    link.setAttribute("aria-expanded", "true");
    card.focus({ preventScroll: true });
    const sheet = card.getBoundingClientRect();
    if (getComputedStyle(card).position !== "fixed") card.scrollIntoView({ block: "nearest" });
    else if (at.bottom > sheet.top - 12) scrollBy(0, at.bottom - sheet.top + 12); // the words that it proves stay in sight
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a.fact");
    if (!link) {
      if (card && !card.contains(event.target)) close(false);
      return;
    }
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const [page, id] = link.href.split("#");
    if (!id || !page.endsWith("/proof")) return;
    event.preventDefault();
    if (card && opener === link) { close(true); return; }
    facts(page.replace(/proof$/, "facts.json")).then((all) => {
      if (all[id]) show(link, all[id]); else location.href = link.href;
    }).catch(() => { location.href = link.href; });
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close(true);
  });

  document.addEventListener("focusin", (event) => {
    if (card && !card.contains(event.target) && event.target !== opener) close(false);
  });
})();

(() => {
  // Suggestions while one types, as a list the browser itself shows.
  const waiting = new Map();
  for (const field of document.querySelectorAll(".find input[type=search]")) {
    const list = document.createElement("datalist");
    list.id = `${field.id}-list`;
    field.after(list);
    field.setAttribute("list", list.id);
    field.addEventListener("input", () => {
      clearTimeout(waiting.get(field));
      const text = field.value.trim();
      if (text.length < 2) { list.replaceChildren(); return; }
      waiting.set(field, setTimeout(() => {
        fetch(`/search/suggest?q=${encodeURIComponent(text)}`).then((answer) => answer.json()).then(([, words]) => {
          if (field.value.trim() !== text) return;
          list.replaceChildren(...words.map((word) => Object.assign(document.createElement("option"), { value: word })));
        }).catch(() => { /* typing goes on without suggestions */ });
      }, 150));
    });
  }
})();

(() => {
  // A story's tools that only a browser can offer: its text and its address for the clipboard, and paper.
  const story = document.querySelector(".story-page .article");
  if (!story) return;
  const tool = (words, act) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = words;
    made.addEventListener("click", () => {
      Promise.resolve(act()).then((said) => {
        if (!said) return;
        made.textContent = said;
        setTimeout(() => { made.textContent = words; }, 2500);
      }, () => { made.textContent = "That did not work"; });
    });
    return made;
  };
  const item = (made) => {
    const li = document.createElement("li");
    li.append(made);
    return li;
  };
  const share = story.querySelector(".share");
  const markdown = story.querySelector(".as-markdown");
  const clipboard = navigator.clipboard;
  if (share) {
    if (clipboard) share.append(item(tool("Copy link", () => clipboard.writeText(location.href.split("#")[0]).then(() => "Link copied"))));
    share.append(item(tool("Print", () => print())));
  }
  if (markdown && clipboard) {
    // The promise goes into the clipboard item itself: some browsers allow writing only while the click is handled.
    markdown.after(" ", tool("Copy as Markdown", () => {
      const text = fetch(markdown.href).then((answer) => {
        if (!answer.ok) throw new Error(answer.status);
        return answer.text();
      });
      if (!window.ClipboardItem) return text.then((words) => clipboard.writeText(words)).then(() => "Copied");
      const blob = text.then((words) => new Blob([words], { type: "text/plain" }));
      return clipboard.write([new ClipboardItem({ "text/plain": blob })]).then(() => "Copied");
    }));
  }
})();

(() => {
  // A ticker shows its last close where the pointer or the focus is; without this the browser's own tip does.
  let tip = null;
  let over = null;
  const hide = () => {
    if (!tip) return;
    tip.remove();
    over.removeAttribute("aria-describedby");
    tip = over = null;
  };
  const show = (link) => {
    if (over === link) return;
    hide();
    if (link.title) { link.dataset.quote = link.title; link.removeAttribute("title"); }
    if (!link.dataset.quote) return;
    const [name, ...rest] = link.dataset.quote.split(": ");
    tip = document.createElement("div");
    tip.className = "tip";
    tip.id = "ticker-tip";
    tip.setAttribute("role", "tooltip");
    const strong = document.createElement("b");
    strong.textContent = name;
    tip.append(strong, rest.length ? ` ${rest.join(": ")}` : "");
    document.body.append(tip);
    over = link;
    link.setAttribute("aria-describedby", tip.id);
    const at = link.getClientRects()[0];
    const left = Math.min(at.left, document.documentElement.clientWidth - tip.offsetWidth - 8);
    const above = at.top - tip.offsetHeight - 6;
    tip.style.left = `${scrollX + Math.max(8, left)}px`;
    tip.style.top = `${scrollY + (above > 4 ? above : at.bottom + 6)}px`;
  };
  for (const name of ["pointerover", "focusin"]) {
    document.addEventListener(name, (event) => {
      const link = event.target.closest?.("a.ticker");
      if (link) { if (name === "focusin" || event.pointerType === "mouse") show(link); }
      else if (tip && !tip.contains(event.target)) hide();
    });
  }
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
})();
