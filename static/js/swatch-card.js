// <swatch-card>: a swatch changes the card's picture, stock words and link in place.
class SwatchCard extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", (event) => {
      const swatch = event.target.closest("[data-swatch]");
      if (!swatch || event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      this.show(swatch);
    });
  }

  show(swatch) {
    const picture = this.querySelector("img");
    const stock = this.querySelector("p [data-stock]");
    if (picture && swatch.dataset.picture) {
      this.querySelectorAll("source").forEach((source) => source.remove());
      picture.srcset = swatch.dataset.jpeg || "";
      picture.sizes = picture.sizes || "(min-width: 34em) 50vw, 100vw";
      picture.src = `/media/${swatch.dataset.picture}`;
      picture.alt = swatch.dataset.alt;
    }
    stock.textContent = swatch.dataset.stock;
    stock.className = `stock stock--${swatch.dataset.level}`;
    stock.parentElement.setAttribute("role", "status");
    this.querySelector("[data-all-sizes]").hidden = swatch.dataset.all === undefined;
    this.querySelector("[data-color-name]").textContent = `${swatch.dataset.name}: `;
    this.querySelector("[data-link]").href = swatch.href;
    this.querySelectorAll("[data-swatch]").forEach((other) => other.removeAttribute("aria-current"));
    swatch.setAttribute("aria-current", "true");
  }
}
customElements.define("swatch-card", SwatchCard);
