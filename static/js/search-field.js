// <search-field>: while something is typed, a list of links below the field leads to pages that begin like it.
class SearchField extends HTMLElement {
  connectedCallback() {
    const field = this.querySelector("input");
    this.said = document.createElement("p");
    this.said.className = "visually-hidden";
    this.said.setAttribute("role", "status");
    this.list = document.createElement("ul");
    this.list.className = "suggestions";
    this.list.hidden = true;
    this.querySelector("form").append(this.said, this.list);
    field.addEventListener("input", () => {
      clearTimeout(this.waiting);
      this.waiting = setTimeout(() => this.suggest(field.value.trim()), 250);
    });
    this.addEventListener("keydown", (event) => this.move(event, field));
  }

  async suggest(typed) {
    this.asked = typed;
    const answer = typed.length > 1 && (await fetch(`/search/suggestions?q=${encodeURIComponent(typed)}`).catch(() => null));
    if (typed !== this.asked) return;
    const found = answer && answer.ok ? await answer.json() : [];
    if (typed !== this.asked) return;
    this.list.replaceChildren(...found.map((one) => {
      const [line, link] = [document.createElement("li"), document.createElement("a")];
      link.href = one.address;
      link.textContent = `${one.title} (${one.kind.toLowerCase()})`;
      line.append(link);
      return line;
    }));
    this.list.hidden = !found.length;
    this.said.textContent = found.length ? `${found.length} ${found.length === 1 ? "page" : "pages"} below. Press the down arrow to go there.` : "";
  }

  move(event, field) {
    const stops = [field, ...this.list.querySelectorAll("a")];
    const at = stops.indexOf(document.activeElement);
    if (event.key === "Escape" && !this.list.hidden) {
      this.list.hidden = true;
      field.focus();
      event.preventDefault();
    }
    const to = { ArrowDown: at + 1, ArrowUp: at - 1 }[event.key];
    if (at < 0 || this.list.hidden || to === undefined || !stops[to]) return;
    event.preventDefault();
    stops[to].focus();
  }
}
customElements.define("search-field", SearchField);
