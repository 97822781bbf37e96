// <shoe-list>: what is chosen of a list shows in place; address, back button and focus stay right.
class ShoeList extends HTMLElement {
  connectedCallback() {
    const filters = this.querySelector("[data-filters]");
    if (filters && matchMedia("(min-width: 64em)").matches) filters.open = true;
    // What was unfolded is so again for whoever comes back from a shoe, so that the place is the same.
    const folds = [...this.querySelectorAll("details")];
    if (history.state?.unfolded) folds.forEach((fold, at) => { fold.open = history.state.unfolded.includes(at); });
    this.addEventListener("toggle", () => {
      const unfolded = [...folds.keys()].filter((at) => folds[at].open);
      history.replaceState({ ...history.state, unfolded }, "");
    }, true);
    this.addEventListener("change", (event) => {
      if (event.target.form && event.target.form.matches("[data-in-place]")) this.send(event.target.form);
    });
    this.addEventListener("submit", (event) => {
      if (!event.target.matches("[data-in-place]")) return;
      event.preventDefault();
      this.send(event.target).then(() => this.querySelector("[data-said]").scrollIntoView());
    });
    this.addEventListener("click", (event) => {
      const link = event.target.closest("a[data-in-place]");
      if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      this.show(link.href).then(() => this.querySelector("a[data-in-place], .card__link")?.focus());
    });
    this.shown = location.search;
    addEventListener("popstate", () => { // a link within the page is one too
      if (location.search !== this.shown) this.show(location.href, false);
    });
  }

  send(form) {
    const pairs = [...new FormData(form)].filter(([, value]) => value);
    const query = new URLSearchParams(pairs).toString();
    return this.show(form.action + (query && `?${query}`));
  }

  async show(address, remember = true) {
    const asked = (this.asked = address);
    const answer = await fetch(address).catch(() => null);
    if (asked !== this.asked) return; // something else was chosen meanwhile
    if (!answer || !answer.ok) { location.href = address; return; }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("shoe-list");
    this.querySelector("[data-results]").innerHTML = fresh.querySelector("[data-results]").innerHTML;
    for (const name of ["[data-said]", "[data-number]"]) {
      const [here, there] = [this.querySelector(name), fresh.querySelector(name)];
      if (here && there && here.textContent !== there.textContent) here.textContent = there.textContent;
    }
    this.mark(fresh);
    document.title = page.title;
    if (remember) history.pushState(history.state, "", address);
    this.shown = location.search;
  }

  mark(fresh) {
    const there = new Map();
    for (const pick of fresh.querySelectorAll(".pick")) there.set(this.key(pick), pick);
    for (const pick of this.querySelectorAll(".pick")) {
      const other = there.get(this.key(pick));
      if (!other) continue;
      pick.querySelector("input").checked = other.querySelector("input").checked;
      const count = pick.querySelector("[data-count]");
      if (count) count.textContent = other.querySelector("[data-count]").textContent;
    }
    const [models] = fresh.querySelector("[data-said]").textContent.match(/^[0-9]+ models?/) || ["the closest"];
    for (const button of this.querySelectorAll(".filters__form .button")) button.textContent = `Show ${models}`;
    this.querySelector("[name=sort]").value = fresh.querySelector("[name=sort]").value;
  }

  key(pick) {
    const input = pick.querySelector("input");
    return `${input.name}=${input.value}`;
  }
}
customElements.define("shoe-list", ShoeList);
