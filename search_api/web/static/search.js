// The search page with script: completions by keyboard, results while somebody types, more results where the list ends, and
// dates in the reader's own language and time zone. Without it every part of the page works as links and forms.
(() => {
  const TYPED_AT_LEAST = 3;
  const SUGGEST_AFTER_MS = 120;
  const SEARCH_AFTER_MS = 350;
  const PAGES_BY_THEMSELVES = 3; // then the reader asks for more, so that the end of the page can be reached

  const form = document.getElementById("search");
  const box = document.getElementById("q");
  const main = document.getElementById("main");
  const said = document.getElementById("said");

  // Dates

  let languages = navigator.languages;
  try {
    Intl.getCanonicalLocales(languages);
  } catch {
    languages = undefined; // the browser's own
  }
  const day = new Intl.DateTimeFormat(languages, { dateStyle: "long" });
  const moment = new Intl.DateTimeFormat(languages, { dateStyle: "long", timeStyle: "short" });
  const full = new Intl.DateTimeFormat(languages, { dateStyle: "full", timeStyle: "long" });

  function localise(root) {
    for (const time of root.querySelectorAll("time[datetime]")) {
      const date = new Date(time.dateTime);
      if (isNaN(date)) continue;
      time.lang = day.resolvedOptions().locale;
      time.dir = "auto";
      time.textContent = ("time" in time.dataset ? moment : day).format(date);
      time.title = full.format(date);
    }
    for (const image of root.querySelectorAll("img")) {
      if (image.complete && !image.naturalWidth) image.remove();
      else image.addEventListener("error", () => image.remove(), { once: true });
    }
  }

  async function pageAt(address, signal) {
    const response = await fetch(address, { headers: { Accept: "text/html" }, signal });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    if (!page.getElementById("main")) throw new Error(`${response.status}: no page of this service`);
    return page;
  }

  // Results while typing, on the search page itself: elsewhere Enter leads there, and what is read stays

  const isLive = location.pathname === "/";
  let pause = 0;
  let underWay = null;
  let shown = location.search;
  let isOwnEntry = false; // whether the entry of the history is one that typing made

  function addressOf(query) {
    const asked = new URLSearchParams(new FormData(form));
    asked.set("q", query);
    return `/?${asked}`;
  }

  function stopSearch() {
    clearTimeout(pause);
    underWay?.abort();
    underWay = null;
    main.removeAttribute("aria-busy");
  }

  async function searchNow() {
    const query = box.value.trim();
    if (query.length < TYPED_AT_LEAST) return;
    const address = addressOf(query);
    if (address === `/${shown}`) return;
    const mine = (underWay = new AbortController());
    main.setAttribute("aria-busy", "true");
    try {
      const page = await pageAt(address, mine.signal);
      if (underWay !== mine) return;
      show(page);
      shown = address.slice(1);
      if (isOwnEntry) history.replaceState(null, "", address);
      else history.pushState(null, "", address);
      isOwnEntry = true;
    } catch {
      if (underWay === mine) tell("The search service cannot be reached. Press Enter to try again.");
    } finally {
      if (underWay === mine) stopSearch();
    }
  }

  // Going back to what was shown before somebody typed.
  addEventListener("popstate", () => {
    if (location.search === shown) return;
    stopSearch();
    location.reload();
  });

  function show(page) {
    const found = page.getElementById("main");
    main.replaceChildren(...found.childNodes);
    localise(main);
    document.title = page.title;
    const alert = main.querySelector("[role=alert]"); // says itself
    const told = main.querySelector(".count") ?? main.querySelector(".notice p");
    said.textContent = alert ? "" : (told?.textContent ?? "").trim();
    followList();
  }

  function tell(text) {
    let hint = document.getElementById("trouble");
    if (!hint) {
      hint = document.createElement("p");
      hint.id = "trouble";
      hint.className = "hint";
      main.prepend(hint);
    }
    hint.textContent = said.textContent = text;
  }

  // Completions: the combobox pattern of the ARIA Authoring Practices Guide

  const list = document.getElementById("suggestions");
  let suggestPause = 0;
  let suggestUnderWay = null;
  let typed = "";
  let chosen = -1;

  box.setAttribute("role", "combobox");
  box.setAttribute("aria-autocomplete", "list");
  box.setAttribute("aria-controls", list.id);
  box.setAttribute("aria-expanded", "false");

  async function suggestNow() {
    const query = box.value.trim();
    if (query.length < 2) return close();
    suggestUnderWay?.abort();
    const mine = (suggestUnderWay = new AbortController());
    try {
      const response = await fetch(`/v1/suggest?${new URLSearchParams({ q: query })}`, { signal: mine.signal });
      if (!response.ok) return close();
      const { suggestions } = await response.json();
      if (suggestUnderWay === mine && document.activeElement === box && box.value.trim() === query) open(suggestions);
    } catch {
      if (suggestUnderWay === mine) close();
    }
  }

  function open(suggestions) {
    list.replaceChildren(...suggestions.map(option));
    chosen = -1;
    box.removeAttribute("aria-activedescendant");
    list.hidden = !suggestions.length;
    box.setAttribute("aria-expanded", String(!list.hidden));
  }

  function option({ text, kind, article_id }, place) {
    const item = document.createElement("li");
    item.id = `suggestion-${place}`;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    const words = document.createElement("bdi");
    words.textContent = text;
    const label = document.createElement("span");
    label.textContent = kind === "title" ? "article" : kind;
    item.append(words, " ", label);
    item.dataset.text = text;
    if (article_id) item.dataset.article = article_id;
    item.addEventListener("mousedown", (event) => {
      if (!event.button) take(item);
    });
    return item;
  }

  function close() {
    suggestUnderWay?.abort();
    suggestUnderWay = null;
    clearTimeout(suggestPause);
    list.hidden = true;
    chosen = -1;
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
  }

  function take(item) {
    const { text, article } = item.dataset;
    stopSearch();
    close();
    if (article) {
      location.assign(`/articles/${encodeURIComponent(article)}`);
      return;
    }
    box.value = text;
    form.requestSubmit();
  }

  function searchSoon() {
    clearTimeout(pause);
    if (isLive) pause = setTimeout(searchNow, SEARCH_AFTER_MS);
  }

  function move(step) {
    clearTimeout(pause);
    clearTimeout(suggestPause);
    suggestUnderWay?.abort();
    const options = [...list.children];
    options[chosen]?.setAttribute("aria-selected", "false");
    chosen = ((chosen + 1 + step + options.length + 1) % (options.length + 1)) - 1; // -1 is what was typed
    const item = options[chosen];
    item?.setAttribute("aria-selected", "true");
    item?.scrollIntoView({ block: "nearest" });
    box.value = item ? item.dataset.text : typed;
    if (item) box.setAttribute("aria-activedescendant", item.id);
    else {
      box.removeAttribute("aria-activedescendant");
      searchSoon();
    }
  }

  // Also while a word is being composed: on phones every word is.
  box.addEventListener("input", () => {
    typed = box.value;
    clearTimeout(suggestPause);
    stopSearch();
    suggestPause = setTimeout(suggestNow, SUGGEST_AFTER_MS);
    searchSoon();
  });

  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const { key } = event;
    if (list.hidden) {
      if (key === "ArrowDown") {
        event.preventDefault();
        typed = box.value;
        suggestNow();
      }
    } else if (key === "ArrowDown" || key === "ArrowUp") {
      event.preventDefault();
      move(key === "ArrowDown" ? 1 : -1);
    } else if (key === "Escape") {
      event.preventDefault();
      box.value = typed;
      close();
      searchSoon();
    } else if (key === "Enter" && chosen >= 0) {
      event.preventDefault();
      take(list.children[chosen]);
    } else if (["Home", "End", "ArrowLeft", "ArrowRight"].includes(key) && chosen >= 0) {
      list.children[chosen].setAttribute("aria-selected", "false");
      chosen = -1;
      typed = box.value;
      box.removeAttribute("aria-activedescendant");
      searchSoon();
    }
  });

  list.addEventListener("mousedown", (event) => event.preventDefault()); // the box keeps the focus, and the list stays

  box.addEventListener("blur", close);
  form.addEventListener("submit", () => {
    stopSearch();
    close();
  });

  // The list goes on

  let byThemselves = 0;
  const seen = new IntersectionObserver(
    (entries) => {
      const entry = entries.find((one) => one.isIntersecting);
      if (!entry || byThemselves >= PAGES_BY_THEMSELVES || location.hash === "#filters") return;
      byThemselves += 1;
      goOn(entry.target);
    },
    { rootMargin: "300px" },
  );

  function followList() {
    byThemselves = 0;
    watchEnd();
  }

  function watchEnd() {
    seen.disconnect();
    const link = main.querySelector(".found .more a");
    if (link) seen.observe(link);
  }

  async function goOn(link, { focus = false } = {}) {
    const hits = main.querySelector(".hits");
    if (link.dataset.busy) return;
    link.dataset.busy = "yes";
    seen.disconnect();
    try {
      const page = await pageAt(link.href);
      if (!hits.isConnected) return; // something else was asked for meanwhile
      const more = page.querySelector(".hits");
      if (!more) throw new Error("no list");
      const first = more.firstElementChild;
      said.textContent = `${more.children.length} more`;
      const added = [...more.children];
      hits.append(...added);
      added.forEach(localise); // in this page: in the other one every picture would count as broken
      const next = page.querySelector(".found .more a");
      if (next) link.replaceWith(next);
      else link.parentElement.remove();
      if (focus) first.querySelector("a").focus();
      watchEnd();
    } catch {
      delete link.dataset.busy;
      if (focus && link.isConnected) location.assign(link.href);
    }
  }

  main.addEventListener("click", (event) => {
    const link = event.target.closest?.(".found .more a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    goOn(link, { focus: true });
  });

  localise(document);
  followList();
})();
