// <dateline-related> shows the articles related to one, asked from the Dateline service that this script came from.
// docs/widget.md lists its attributes. The list that the server put inside the element, if any, stays until a newer one came;
// without an answer nothing is shown. It sets no cookie, stores nothing, and runs no text as code.
(() => {
  if (customElements.get("dateline-related")) return;
  if (!("adoptedStyleSheets" in document)) {
    // A browser of before 2023: what the server wrote stays, and empty elements hold no room.
    addEventListener("load", () => {
      for (const one of document.querySelectorAll("dateline-related")) one.hidden = !one.firstElementChild;
    });
    return;
  }

  const script = document.currentScript;
  const words = __WORDS__;
  const rightToLeft = new Set(__RIGHT_TO_LEFT__);
  const css = __STYLE__;

  const ASKED_WITH = ["mode", "limit", "window", "section", "key"];
  const LIMIT = 5;
  const MARGIN = "400px"; // how near to the viewport the list is asked for
  const PATIENCE_MS = 8000;
  const SOON_MS = 1000; // until then a page is still settling

  let languages = navigator.languages;
  try {
    Intl.getCanonicalLocales(languages);
  } catch {
    languages = undefined; // the browser's own
  }

  const base = (language) => language.toLowerCase().split(/[-_]/)[0];
  const direction = (language) =>
    rightToLeft.has(base(language)) || /[-_](arab|hebr)\b/i.test(language) ? "rtl" : "ltr";

  function isWeb(address) {
    try {
      return /^https?:$/.test(new URL(address, document.baseURI).protocol);
    } catch {
      return false;
    }
  }

  // Without characters that turn the direction of what follows.
  const plain = (text) => text.replace(/[\u202a-\u202e\u2066-\u2069]/g, "");

  function made(name, part, content = [], attributes = {}) {
    const element = document.createElement(name);
    element.className = `dateline-${part}`;
    element.setAttribute("part", part);
    for (const [key, value] of Object.entries(attributes)) if (value != null) element.setAttribute(key, value);
    for (const one of [content].flat()) if (one != null) element.append(typeof one === "string" ? plain(one) : one);
    return element;
  }

  // Dates in the reader's own language and time zone, also those that the server wrote.
  function localised(time) {
    const date = new Date(time.dateTime);
    if (isNaN(date)) return time;
    const day = new Intl.DateTimeFormat(languages, { dateStyle: "long" });
    time.lang = day.resolvedOptions().locale;
    time.dir = direction(time.lang);
    time.textContent = day.format(date);
    time.title = new Intl.DateTimeFormat(languages, { dateStyle: "full", timeStyle: "short" }).format(date);
    return time;
  }

  function image(address) {
    const attributes = { alt: "", loading: "lazy", decoding: "async", referrerpolicy: "no-referrer", width: 160, height: 90 };
    return goneWhenBroken(made("img", "image", [], { ...attributes, src: address }));
  }

  function goneWhenBroken(image) {
    image.addEventListener("error", () => image.remove(), { once: true });
    return image;
  }

  const sheets = new WeakMap();

  function sheetOf(page) {
    if (!sheets.has(page)) {
      const sheet = new (page.defaultView ?? window).CSSStyleSheet();
      sheet.replaceSync(css);
      sheets.set(page, sheet);
    }
    return sheets.get(page);
  }

  // What a reader sees of a block: the same for the server's and for this script's markup of one list.
  const seen = (block) => [...block.querySelectorAll("a, p, h2")].map((one) => `${one.href} ${one.textContent.replace(/\s/g, "")}`).join("\n");

  class DatelineRelated extends HTMLElement {
    static observedAttributes = ["article", "url", ...ASKED_WITH, "data-key", "heading", "layout", "lang", "pages", "server"];

    #root = this.attachShadow({ mode: "open" });
    #ready = false; // its children are there
    #queued = false;
    #silent = false; // hidden by itself, for want of anything to show
    #of; // which article the list is of: its id, or the address of its page
    #adopted; // the server's list that was shown for it
    #settled; // the address whose answer is shown
    #answer;
    #pending; // the address that is asked for, or will be when the element comes near
    #request;
    #watched;

    connectedCallback() {
      this.toggleAttribute("data-waiting", !this.firstElementChild);
      this.#root.adoptedStyleSheets = [sheetOf(this.ownerDocument)];
      if (!this.#root.firstChild) this.#root.append(document.createElement("slot"));
      if (this.ownerDocument.readyState === "loading") {
        document.addEventListener("DOMContentLoaded", () => this.#begin(), { once: true });
      } else this.#begin();
    }

    disconnectedCallback() {
      this.#cancel();
    }

    attributeChangedCallback(name, before, now) {
      if (before === now || !this.#ready || this.#queued) return;
      this.#queued = true;
      queueMicrotask(() => {
        this.#queued = false;
        if (this.isConnected) this.#update();
      });
    }

    #begin() {
      if (!this.isConnected) return;
      this.#ready = true;
      this.toggleAttribute("data-waiting", !this.firstElementChild);
      this.#update();
    }

    // Brings what is shown in line with the attributes: at once where the answer is there, else by asking for it.
    #update() {
      const of = this.getAttribute("article") ?? this.#page();
      let address;
      try {
        address = this.#address();
      } catch {
        address = null; // of no server, or no address
      }
      if (address && address === this.#pending) return;
      this.#cancel();
      if (of !== this.#of) {
        this.#of = of;
        this.#settled = this.#answer = undefined;
        this.#hide(false);
        this.removeAttribute("data-filled");
        this.#adopt();
      }
      if (address && address === this.#settled) this.#show(this.#answer);
      else if (address) this.#watch(address);
      else this.#giveUp();
    }

    #cancel() {
      this.#watched?.disconnect();
      this.#request?.abort();
      this.#watched = this.#request = this.#pending = undefined;
    }

    // The server's list moves under this element's own style, where scripts and styles of the page do not reach it.
    #adopt() {
      const given = this.querySelector(".dateline-related");
      const article = this.getAttribute("article");
      if (!given) return this.#root.replaceChildren(document.createElement("slot"));
      const { seed } = given.dataset;
      const isAnothers = article && seed ? seed !== article : given === this.#adopted;
      this.toggleAttribute("data-waiting", isAnothers);
      if (isAnothers) return this.#root.replaceChildren();
      this.#adopted = given;
      const block = given.cloneNode(true);
      block.querySelectorAll("time").forEach(localised);
      block.querySelectorAll("img").forEach(goneWhenBroken);
      this.#root.replaceChildren(block);
    }

    #watch(address) {
      this.#pending = address;
      this.#hide(false);
      this.#watched = new IntersectionObserver(
        (entries) => {
          if (!entries.some((entry) => entry.isIntersecting)) return;
          this.#watched?.disconnect();
          this.#ask(address);
        },
        { rootMargin: MARGIN },
      );
      this.#watched.observe(this);
    }

    #server() {
      const given = this.getAttribute("server");
      if (!given) return new URL("./", script?.src || document.baseURI);
      return new URL(given.endsWith("/") ? given : `${given}/`, document.baseURI);
    }

    // The address of the page that the list is for.
    #page() {
      const canonical = document.querySelector('link[rel~="canonical"]')?.href;
      return this.getAttribute("url") || canonical || location.href.split("#")[0];
    }

    #address() {
      const article = this.getAttribute("article");
      const address = new URL(article ? `v1/articles/${encodeURIComponent(article)}/related` : "v1/related", this.#server());
      const asked = address.searchParams;
      if (!article) asked.set("url", this.#page());
      asked.set("limit", LIMIT);
      for (const name of ASKED_WITH) {
        const value = this.getAttribute(name) ?? this.getAttribute(`data-${name}`);
        if (value) asked.set(name, value);
      }
      return address.href;
    }

    async #ask(address) {
      const request = (this.#request = new AbortController());
      const patience = setTimeout(() => request.abort(), PATIENCE_MS);
      const began = performance.now();
      try {
        const response = await fetch(address, { credentials: "omit", priority: "low", signal: request.signal });
        if (!response.ok) throw new Error(String(response.status));
        const answer = await response.json();
        if (this.#request !== request) return;
        this.#show(answer);
        this.#settled = address;
        this.#answer = answer;
      } catch {
        // The page is whole without this block: what is shown stays, and nothing is said.
        if (this.#request === request) this.#giveUp(performance.now() - began > SOON_MS);
      } finally {
        clearTimeout(patience);
        if (this.#request === request) this.#request = this.#pending = undefined;
      }
    }

    #giveUp(late = false) {
      const slot = this.#root.querySelector("slot");
      if (this.#root.querySelector(".dateline-related") || (slot && (this.firstElementChild || this.textContent.trim()))) return;
      const { top, bottom } = this.getBoundingClientRect();
      if (!late || top >= innerHeight || bottom <= 0) return this.#hide(true);
      // The reader is here already: the room goes when it is out of sight.
      this.#watched = new IntersectionObserver((entries) => {
        if (entries.some((entry) => entry.isIntersecting)) return;
        this.#watched?.disconnect();
        this.#hide(true);
      });
      this.#watched.observe(this);
    }

    #hide(silent) {
      if (silent || this.#silent) this.hidden = silent;
      this.#silent = silent;
    }

    #show(answer) {
      this.#hide(!answer.hits.length);
      if (!answer.hits.length) return this.#root.replaceChildren(document.createElement("slot"));
      const page = base(this.closest("[lang]")?.lang || "en");
      const spoken = Object.hasOwn(words, page) ? page : "en";
      const said = words[spoken];
      const heading = this.getAttribute("heading") ?? said.heading;
      const filled = answer.fallback_used ? answer.hits.filter((hit) => !hit.score) : [];
      const related = answer.hits.slice(0, answer.hits.length - filled.length);
      const list = (hits) =>
        hits.length ? made("ul", "list", hits.map((hit) => this.#item(hit, said, spoken)), { role: "list" }) : null;
      const block = made(
        "section",
        "related",
        [
          heading ? made("h2", "heading", heading) : null,
          list(related),
          filled.length ? made("p", "fallback", said[answer.fallback_used] ?? said.recent) : null,
          list(filled),
        ],
        { "aria-label": heading || said.heading, lang: spoken, dir: direction(spoken), "data-layout": this.getAttribute("layout") },
      );
      // Below the viewport nothing that is seen moves, so the held room is given back.
      if (this.getBoundingClientRect().top >= innerHeight) this.setAttribute("data-filled", "");
      const before = this.#root.querySelector(".dateline-related");
      if (before && before.dataset.layout === block.dataset.layout && before.lang === block.lang && seen(before) === seen(block)) return;
      const focused = this.#root.activeElement?.href;
      this.#root.replaceChildren(block);
      if (focused) [...block.querySelectorAll("a")].find((link) => link.href === focused)?.focus({ preventScroll: true });
    }

    #item(hit, said, spoken) {
      const facts = [];
      if (hit.source) facts.push(made("span", "source", hit.source, { dir: "auto" }));
      if (!isNaN(Date.parse(hit.published_at))) facts.push(localised(made("time", "date", [], { datetime: hit.published_at })));
      const copies = hit.duplicates.count;
      if (copies) {
        const form = said.copies[new Intl.PluralRules(spoken).select(copies)] ?? said.copies.other;
        const number = new Intl.NumberFormat(spoken).format(copies);
        facts.push(made("span", "copies", form.replace("{n}", number), { lang: spoken, dir: direction(spoken) }));
      }
      const text = made("div", "text", [
        made("a", "headline", hit.title || said.untitled, { href: this.#link(hit) }),
        facts.length ? made("p", "facts", facts.flatMap((fact) => [made("span", "fact", fact), " "])) : null,
      ]);
      return made("li", "item", [hit.image_url && isWeb(hit.image_url) ? image(hit.image_url) : null, text], {
        lang: hit.language,
        dir: direction(hit.language),
      });
    }

    #link(hit) {
      const pages = this.getAttribute("pages");
      if (pages && isWeb(pages)) return pages + encodeURIComponent(hit.id);
      if (hit.url && isWeb(hit.url)) return hit.url;
      return new URL(`articles/${encodeURIComponent(hit.id)}`, this.#server()).href;
    }
  }

  customElements.define("dateline-related", DatelineRelated);
})();
