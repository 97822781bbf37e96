// <cart-count>: shows how many pairs are in the cart, from a cookie that holds that one number.
class CartCount extends HTMLElement {
  connectedCallback() {
    this.show();
    document.addEventListener("cart:changed", () => this.show());
    addEventListener("pageshow", () => this.show());
  }

  show() {
    const cookie = document.cookie.match(/(?:^|; )(?:__Host-)?cart_count=(\d+)/);
    const count = cookie ? Number(cookie[1]) : 0;
    this.querySelector("[data-count]").textContent = count ? `\u00a0(${count})` : "";
  }
}
customElements.define("cart-count", CartCount);
