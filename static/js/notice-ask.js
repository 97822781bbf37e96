// <notice-ask>: a click on a sold-out size opens the form that asks to be told, with that size chosen.
class NoticeAsk extends HTMLElement {
  connectedCallback() {
    this.page = this.closest("main");
    this.hear = (event) => this.choose(event.target.closest(".size--gone"));
    this.page.addEventListener("click", this.hear);
  }

  disconnectedCallback() {
    this.page.removeEventListener("click", this.hear);
  }

  choose(label) {
    const form = this.querySelector("form");
    if (!label || !form) return;
    this.querySelector("details").open = true;
    form.elements.sku.value = label.querySelector("input").value;
    this.querySelector("summary").focus();
  }
}
customElements.define("notice-ask", NoticeAsk);
