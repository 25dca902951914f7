// <dateline-related> shows the articles related to one, asked from the Dateline service that this script came from.
// docs/widget.md lists its attributes. The list that the server put inside the element, if any, stays until a newer one came;
// without an answer nothing is shown. It sets no cookie, stores nothing, and runs no text as code.
(() => {
  if (customElements.get("dateline-related") || !("adoptedStyleSheets" in document)) return; // what the server wrote stays

  const script = document.currentScript;
  const words = __WORDS__;
  const rightToLeft = new Set(__RIGHT_TO_LEFT__);
  const style = new CSSStyleSheet();
  style.replaceSync(__STYLE__);

  const ASKED_WITH = ["mode", "limit", "window", "section", "key"];
  const LIMIT = 5;
  const MARGIN = "400px"; // how near to the viewport the list is asked for
  const PATIENCE_MS = 8000;

  const direction = (language) =>
    rightToLeft.has(language.toLowerCase().split("-")[0]) || /-(arab|hebr)\b/i.test(language) ? "rtl" : "ltr";

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
    const languages = navigator.languages;
    const day = new Intl.DateTimeFormat(languages, { dateStyle: "long" });
    time.lang = day.resolvedOptions().locale;
    time.dir = direction(time.lang);
    time.textContent = day.format(date);
    time.title = new Intl.DateTimeFormat(languages, { dateStyle: "full", timeStyle: "short" }).format(date);
    return time;
  }

  class DatelineRelated extends HTMLElement {
    static observedAttributes = ["article", "url", ...ASKED_WITH, "heading", "layout", "lang", "pages", "server"];

    #root = this.attachShadow({ mode: "open" });
    #watched;
    #asked; // the request under way
    #settled; // the address whose answer is shown
    #answer;
    #queued = false;
    #silent = false; // hidden by itself, for want of anything to show

    connectedCallback() {
      this.#root.adoptedStyleSheets = [style];
      if (!this.#root.firstChild) this.#root.append(document.createElement("slot"));
      if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => this.#begin(), { once: true });
      else this.#begin();
    }

    disconnectedCallback() {
      this.#watched?.disconnect();
      this.#asked?.abort();
      this.#asked = undefined;
    }

    attributeChangedCallback(name, before, now) {
      if (before === now || !this.#watched || this.#queued) return;
      this.#queued = true;
      queueMicrotask(() => {
        this.#queued = false;
        if (!this.isConnected) return;
        if (this.#settled === this.#address()) this.#show(this.#answer);
        else this.#watch();
      });
    }

    #begin() {
      if (!this.isConnected) return;
      if (!this.#answer) this.#adopt();
      this.#watch();
    }

    // The server's list moves under this element's own style; scripts and the page's style do not reach it there.
    #adopt() {
      const given = this.querySelector(":scope > .dateline-related");
      if (!given) return;
      const block = given.cloneNode(true);
      block.querySelectorAll("time").forEach(localised);
      block.querySelectorAll("img").forEach(hideWhenBroken);
      this.#root.replaceChildren(block);
    }

    #watch() {
      this.#watched?.disconnect();
      this.#watched = new IntersectionObserver(
        (entries) => {
          if (!entries.some((entry) => entry.isIntersecting)) return;
          this.#watched.disconnect();
          this.#ask();
        },
        { rootMargin: MARGIN },
      );
      this.#hide(false);
      this.#watched.observe(this);
    }

    #hide(silent) {
      if (silent || this.#silent) this.hidden = silent;
      this.#silent = silent;
    }

    get #server() {
      return new URL(this.getAttribute("server") ?? "./", script?.src || document.baseURI);
    }

    #address() {
      const article = this.getAttribute("article");
      const path = article ? `v1/articles/${encodeURIComponent(article)}/related` : "v1/related";
      const address = new URL(path, this.#server);
      const asked = address.searchParams;
      if (!article) {
        const canonical = document.querySelector('link[rel~="canonical"]')?.href;
        asked.set("url", this.getAttribute("url") || canonical || location.href.split("#")[0]);
      }
      asked.set("limit", LIMIT);
      for (const name of ASKED_WITH) {
        const value = this.getAttribute(name);
        if (value) asked.set(name, value);
      }
      return address.href;
    }

    async #ask() {
      const address = this.#address();
      if (address === this.#settled) return;
      this.#asked?.abort();
      const asked = (this.#asked = new AbortController());
      const patience = setTimeout(() => asked.abort(), PATIENCE_MS);
      try {
        const response = await fetch(address, { credentials: "omit", priority: "low", signal: asked.signal });
        if (!response.ok) throw new Error(String(response.status));
        const answer = await response.json();
        if (this.#asked === asked) {
          this.#settled = address;
          this.#show(answer);
        }
      } catch {
        // The page is whole without this block: what is shown stays, and nothing is said.
        if (this.#asked === asked && !this.#root.querySelector(".dateline-related")) this.#hide(true);
      } finally {
        clearTimeout(patience);
      }
    }

    #show(answer) {
      this.#answer = answer;
      this.#hide(!answer.hits.length);
      if (!answer.hits.length) return this.#root.replaceChildren();
      const page = (this.closest("[lang]")?.lang || "en").toLowerCase().split(/[-_]/)[0];
      const spoken = page in words ? page : "en";
      const said = words[spoken];
      const heading = this.getAttribute("heading") ?? said.heading;
      const filled = answer.fallback_used ? answer.hits.filter((hit) => !hit.score) : [];
      const related = answer.hits.slice(0, answer.hits.length - filled.length);
      const list = (hits) => (hits.length ? made("ul", "list", hits.map((hit) => this.#item(hit, said, spoken))) : null);
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
      // Below the viewport nothing that is seen moves, so the held space is given back.
      const below = this.getBoundingClientRect().top >= innerHeight;
      this.toggleAttribute("data-filled", below);
      this.#root.replaceChildren(block);
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
      return new URL(`articles/${encodeURIComponent(hit.id)}`, this.#server).href;
    }
  }

  function image(address) {
    const attributes = { alt: "", loading: "lazy", decoding: "async", referrerpolicy: "no-referrer", width: 160, height: 90 };
    return hideWhenBroken(made("img", "image", [], { ...attributes, src: address }));
  }

  function hideWhenBroken(image) {
    image.addEventListener("error", () => image.remove(), { once: true });
    return image;
  }

  customElements.define("dateline-related", DatelineRelated);
})();
