// <product-choice>: swaps a color in place, and says each change once: color, size, price, stock.
class ProductChoice extends HTMLElement {
  connectedCallback() {
    this.said = document.createElement("p");
    this.said.className = "visually-hidden";
    this.said.setAttribute("role", "status");
    this.after(this.said); // outside of what is swapped, so that a change is heard
    this.addEventListener("change", (event) => {
      if (event.target.name !== "sku") return;
      this.querySelector("[data-kept]")?.classList.add("notice--settled"); // it was about the size before
      this.tell(event.target.closest("label"));
      this.say();
    });
    this.addEventListener("click", (event) => {
      const within = event.target.closest("a[href^='#']");
      if (within) this.querySelector(`details${within.hash}`)?.setAttribute("open", "");
      const link = event.target.closest("[data-swap]");
      if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      const address = new URL(link.href);
      const form = this.querySelector("input[name=sku]:checked")?.form;
      if (form) {
        address.searchParams.set("size", form.querySelector(":checked ~ .size__face .size__name").textContent);
        if (!address.searchParams.has("width") && form.dataset.width) address.searchParams.set("width", form.dataset.width);
      }
      this.swap(address.href, link.dataset.swap);
    });
    document.addEventListener("cart:changed", () => { if (this.querySelector("#instead")) this.renew(); });
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
    const inside = this.querySelector("[data-told-inside]");
    if (inside) inside.textContent = label.dataset.inside ? `. ${label.dataset.inside} wide inside` : "";
    if (price) this.querySelector("p [data-price]").textContent = price.textContent;
  }

  say() {
    const parts = ["#color", "#width", "[data-kept]:not(.notice--settled)", "p [data-price]", ".product__told"].map((part) => this.querySelector(part));
    this.said.textContent = parts.map((part) => part?.textContent.trim().replace(/\.$/, "")).filter(Boolean).join(". ");
  }

  async swap(address, kind, remember = true) {
    const answer = await fetch(address).catch(() => null);
    if (!answer || !answer.ok) { location.href = address; return; }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const feet = [...this.querySelectorAll("#feet option:checked")].map((shoe) => shoe.dataset.name);
    const unfolded = this.querySelector("#feet")?.open;
    this.innerHTML = page.querySelector("product-choice").innerHTML;
    if (unfolded) this.querySelector("#feet")?.setAttribute("open", "");
    this.querySelectorAll("#feet select").forEach((foot, at) => {
      const same = [...foot.options].find((shoe) => feet[at] && shoe.dataset.name === feet[at] && !shoe.disabled);
      if (same) foot.value = same.value;
    });
    document.title = page.title;
    if (remember) history.pushState(null, "", address.split("#")[0]);
    this.shown = location.search;
    this.querySelector(`[data-swap=${kind}][aria-current]`)?.focus();
    this.say();
  }

  renew() { // what was to be replaced is so: what is chosen now is one more
    this.querySelector("#instead").remove();
    this.querySelectorAll("[name=instead], [name=pairs]").forEach((field) => field.remove());
    this.querySelector("#sizes [type=submit]").textContent = "Add to cart";
    this.querySelector("#sizes [name=quantity]").value = 1;
    for (const link of [location, ...this.querySelectorAll("[data-swap]")]) {
      const address = new URL(link.href);
      for (const name of ["instead", "pairs"]) address.searchParams.delete(name);
      if (link === location) history.replaceState(history.state, "", address);
      else link.href = address;
    }
    this.shown = location.search;
  }
}
customElements.define("product-choice", ProductChoice);
