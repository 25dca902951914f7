// Completes the search box from /v1/suggest while somebody types. Without it the box works as before.
(() => {
  const box = document.getElementById("q");
  const list = document.getElementById("suggestions");
  if (!box || !list) return;
  let pause = 0;
  let asked = "";
  const fill = async () => {
    const typed = box.value.trim();
    if (typed.length < 2 || typed === asked) return;
    asked = typed;
    try {
      const answer = await fetch(`/v1/suggest?${new URLSearchParams({ q: typed })}`);
      if (!answer.ok) return;
      const { suggestions } = await answer.json();
      if (box.value.trim() !== typed) return;
      list.replaceChildren(...suggestions.map(({ text }) => new Option(text, text)));
    } catch {
      list.replaceChildren();
    }
  };
  box.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(fill, 120);
  });
})();
