// Look-ups as one types: a list under the field, by pointer or keyboard. The forms do without it. And the chart's
// own script, once a reader goes for the chart: most read the page without touching it.
"use strict";

(() => {
  const figure = document.querySelector("figure[data-chart]");
  if (!figure) return;
  const form = document.querySelector("form.versus");
  let coming = null;
  let here = false;

  const load = () => (coming ??= new Promise((resolve, reject) => {
    document.head.append(Object.assign(document.createElement("script"), { src: figure.dataset.chart, onload: resolve, onerror: reject }));
  }).then(() => { here = true; }));
  const meant = () => { load().catch(() => { coming = null; }); };

  for (const event of ["pointerenter", "focusin", "touchstart"]) {
    figure.querySelector(".stage").addEventListener(event, () => { figure.dataset.wanted = "yes"; meant(); }, { once: true, passive: true });
    document.querySelector(".chart-bar")?.addEventListener(event, meant, { once: true, passive: true });
  }
  // A click that comes before the script waits for it; without it the link and the form do what they always do.
  document.querySelector(".ranges")?.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (here || !link || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button) return;
    event.preventDefault();
    load().then(() => link.click(), () => { location.href = link.href; });
  });
  form?.addEventListener("submit", (event) => {
    if (here) return;
    event.preventDefault();
    load().then(() => form.requestSubmit(), () => form.submit());
  });
})();

(() => {
  const element = (name, className, text) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  };

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
          const marked = at >= 0 ? list.children[at].dataset.symbol : "";
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
          // A late answer takes nobody's choice away where it still holds it.
          const again = symbols.findIndex((one) => one.symbol === marked);
          if (again >= 0) mark(again); else field.removeAttribute("aria-activedescendant");
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
