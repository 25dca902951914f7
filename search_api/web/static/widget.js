// <dateline-related article="ID"> shows the articles related to ID, asked from the server this script came from.
// Attributes: article, limit (5), heading (Related News), pages (address that an article's id is added to; without
// it a headline links to the article's own URL). Without an answer the element stays empty.
(() => {
  const server = new URL(document.currentScript.src).origin;

  const style = `
    :host { display: block; font: inherit; color: inherit; }
    h2 { font-size: 1.1em; margin: 0 0 .5em; }
    ul { list-style: none; margin: 0; padding: 0; }
    li { margin: 0 0 .75em; }
    p { margin: 0 0 .5em; }
    a { color: inherit; }
    p, span { display: block; font-size: .85em; opacity: .75; }
  `;

  const rightToLeft = /^(ar|fa|he|ur|ps|ckb|yi|dv)\b/;

  function element(name, text, attributes = {}) {
    const made = document.createElement(name);
    made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  }

  function facts(hit, languages) {
    const when = hit.published_at && new Date(hit.published_at).toLocaleDateString(languages, { dateStyle: "long" });
    const copies = hit.duplicates.count;
    const others = copies ? `and ${copies} more ${copies === 1 ? "source" : "sources"}` : null;
    return [hit.source, when, others].filter(Boolean).join(" · ");
  }

  class DatelineRelated extends HTMLElement {
    async connectedCallback() {
      const limit = this.getAttribute("limit") ?? "5";
      const address = `${server}/v1/articles/${encodeURIComponent(this.getAttribute("article"))}/related?limit=${encodeURIComponent(limit)}`;
      try {
        const response = await fetch(address, { credentials: "omit" });
        if (response.ok) this.show(await response.json());
      } catch {
        // The page is whole without this block: stay silent.
      }
    }

    show(answer) {
      if (!answer.hits.length) return;
      const root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(style);
      root.adoptedStyleSheets = [sheet];
      root.replaceChildren(element("h2", this.getAttribute("heading") ?? "Related News"));
      const filled = answer.fallback_used ? answer.hits.filter((hit) => hit.score === 0) : [];
      const related = answer.hits.slice(0, answer.hits.length - filled.length);
      if (related.length) root.append(this.list(related));
      if (filled.length) root.append(element("p", answer.fallback_used === "section" ? "Also in this section" : "Latest"), this.list(filled));
    }

    list(hits) {
      const list = element("ul", "");
      list.append(...hits.map((hit) => this.item(hit)));
      return list;
    }

    item(hit) {
      const dir = rightToLeft.test(hit.language) ? "rtl" : "ltr";
      const item = element("li", "", { lang: hit.language, dir });
      item.append(element("a", hit.title || "Untitled", { href: this.address(hit) }), element("span", facts(hit, navigator.languages)));
      return item;
    }

    address(hit) {
      const pages = this.getAttribute("pages");
      if (pages) return pages + encodeURIComponent(hit.id);
      return /^https?:\/\//.test(hit.url ?? "") ? hit.url : `${server}/articles/${encodeURIComponent(hit.id)}`;
    }
  }

  if (!customElements.get("dateline-related")) customElements.define("dateline-related", DatelineRelated);
})();
