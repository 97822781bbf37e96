// <product-choice>: swaps a color in place, and says each change once: color, size, price, stock.
class ProductChoice extends HTMLElement {
  connectedCallback() {
    this.said = document.createElement("p");
    this.said.className = "visually-hidden";
    this.said.setAttribute("role", "status");
    this.after(this.said); // outside of what is swapped, so that a change is heard
    this.addEventListener("change", (event) => {
      if (event.target.name !== "sku") return;
      this.querySelector(".swatches + .notice")?.remove(); // it was about the size before
      this.tell(event.target.closest("label"));
      this.say();
    });
    this.addEventListener("click", (event) => {
      if (event.target.closest("a[href='#braces']")) this.querySelector("#braces").open = true;
      const color = event.target.closest("[data-color]");
      if (!color || event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      this.swap(color.href);
    });
    this.shown = location.search;
    addEventListener("popstate", () => { // a link within the page is one too
      if (location.search !== this.shown) this.swap(location.href, false);
    });
  }

  tell(label) {
    const form = label.closest("form");
    for (const other of this.querySelectorAll("input[name=sku]:checked")) if (other.form !== form) this.forget(other);
    const stock = label.querySelector("[data-stock]");
    const told = form.querySelector("[data-told]");
    const price = label.querySelector("[data-price]");
    form.querySelector("[data-chosen]").textContent = `${label.dataset.name}: `;
    this.querySelectorAll("form [data-unchosen]").forEach((hint) => hint.remove());
    // Of several widths, the button of the chosen size alone stays.
    for (const buy of this.querySelectorAll("[data-width] .product__buy")) buy.hidden = buy.closest("form") !== form;
    told.textContent = stock.textContent;
    told.className = stock.className.replace("size__stock", "stock");
    if (price) this.querySelector("p [data-price]").textContent = price.textContent;
  }

  forget(radio) { // of another width: only one size is chosen
    radio.checked = false;
    for (const part of radio.form.querySelectorAll("[data-chosen], [data-told]")) part.textContent = "";
  }

  say() {
    const size = this.querySelector("input[name=sku]:checked");
    const parts = [this.querySelector(".product__step"), this.querySelector(".swatches + .notice"), this.querySelector("p [data-price]"), (size?.form || this).querySelector(".product__told")];
    this.said.textContent = parts.map((part) => part?.textContent.trim().replace(/\.$/, "")).filter(Boolean).join(". ");
  }

  async swap(address, remember = true) {
    const answer = await fetch(address).catch(() => null);
    if (!answer || !answer.ok) { location.href = address; return; }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const size = this.querySelector("input[name=sku]:checked")?.closest("label");
    const kept = size?.querySelector(".size__name").textContent;
    const unfolded = [...this.querySelectorAll("[data-width][open]")].map((width) => width.dataset.width);
    this.innerHTML = page.querySelector("product-choice").innerHTML;
    document.title = page.title;
    if (remember) history.pushState(null, "", address);
    this.shown = location.search;
    for (const width of this.querySelectorAll("[data-width]")) width.open = unfolded.includes(width.dataset.width);
    if (kept) this.note(this.choose(kept) ? `${kept} is still chosen.` : `${kept} is not in stock in this color. Please choose again.`);
    this.querySelector("[data-color][aria-current]")?.focus();
    this.say();
  }

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

  note(words) { // beside the colors, which may be far from the sizes
    const notice = document.createElement("p");
    notice.className = "notice";
    notice.textContent = words;
    this.querySelector(".swatches").after(notice);
  }
}
customElements.define("product-choice", ProductChoice);
