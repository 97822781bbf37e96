// <product-choice>: swaps a color in place, and says each change once: color, size, price, stock.
class ProductChoice extends HTMLElement {
  connectedCallback() {
    this.said = document.createElement("p");
    this.said.className = "visually-hidden";
    this.said.setAttribute("role", "status");
    this.after(this.said); // outside of what is swapped, so that a change is heard
    this.addEventListener("change", (event) => {
      if (event.target.name !== "sku") return;
      this.querySelector("[data-kept]")?.remove(); // it was about the size before
      this.tell(event.target.closest("label"));
      this.say();
    });
    this.addEventListener("click", (event) => {
      if (event.target.closest("a[href='#braces']")) this.querySelector("#braces").open = true;
      const link = event.target.closest("[data-swap]");
      if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      this.swap(link.href, link.dataset.swap);
    });
    this.shown = location.search;
    addEventListener("popstate", () => { // a link within the page is one too
      if (location.search !== this.shown) this.swap(location.href, "color", false);
    });
  }

  tell(label) {
    const stock = label.querySelector("[data-stock]");
    const told = this.querySelector("[data-told]");
    const price = label.querySelector("[data-price]");
    const { color, width } = this.querySelector("#sizes").dataset;
    this.querySelector("[data-chosen]").textContent = `${[color, label.dataset.name, width].filter(Boolean).join(", ")}: `;
    this.querySelectorAll("[data-unchosen]").forEach((hint) => hint.remove());
    told.textContent = stock.textContent;
    told.className = stock.className.replace("size__stock", "stock");
    if (price) this.querySelector("p [data-price]").textContent = price.textContent;
  }

  say() {
    const parts = ["#color", "#width", "[data-kept]", "p [data-price]", ".product__told"].map((part) => this.querySelector(part));
    this.said.textContent = parts.map((part) => part?.textContent.trim().replace(/\.$/, "")).filter(Boolean).join(". ");
  }

  async swap(address, kind, remember = true) {
    const answer = await fetch(address).catch(() => null);
    if (!answer || !answer.ok) { location.href = address; return; }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const size = this.querySelector("input[name=sku]:checked")?.closest("label");
    const kept = size?.querySelector(".size__name").textContent;
    const name = size?.dataset.name || kept;
    const width = this.width();
    this.innerHTML = page.querySelector("product-choice").innerHTML;
    document.title = page.title;
    if (remember) history.pushState(null, "", address.split("#")[0]);
    this.shown = location.search;
    const same = kind === "width" || width === this.width();
    if (kept) this.note(kind, same && this.choose(kept) ? `${name} is still chosen.` : `${name} is not in stock in this ${kind}. Please choose again.`);
    this.querySelector(`[data-swap=${kind}][aria-current]`)?.focus();
    this.say();
  }

  width() { return this.querySelector("#sizes")?.dataset.width; }

  choose(name) {
    for (const label of this.querySelectorAll(".size")) {
      const input = label.querySelector("input");
      if (!input.disabled && label.querySelector(".size__name").textContent === name) {
        input.checked = true;
        this.tell(label);
        return true;
      }
    }
    return false;
  }

  note(kind, words) { // beside what was changed, which may be far from the sizes
    const notice = document.createElement("p");
    notice.className = "notice";
    notice.dataset.kept = "";
    notice.textContent = words;
    this.querySelector(`[data-swap=${kind}][aria-current]`).closest("ul").after(notice);
  }
}
customElements.define("product-choice", ProductChoice);
