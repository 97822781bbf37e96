// <cart-drawer>: shows the cart's own page part in a dialog after something was put into it;
// what could not be put in is said in the form itself, and a number that was typed is said not to be in the sums.
class CartDrawer extends HTMLElement {
  connectedCallback() {
    document.addEventListener("input", ({ target }) => {
      const unsummed = target.closest(".cart__line")?.querySelector("[data-unsummed]");
      if (unsummed) unsummed.hidden = target.value === target.defaultValue;
    });
    if (!("HTMLDialogElement" in window)) return;
    addEventListener("popstate", () => { // back closes it, a link within it does not
      if (location.href === this.at) this.querySelector("dialog")?.close();
    });
    document.addEventListener("submit", (event) => {
      const form = event.target;
      const action = (event.submitter && event.submitter.getAttribute("formaction")) || form.getAttribute("action");
      if (form.matches("[data-add]") || (this.contains(form) && action.startsWith("/cart/"))) {
        event.preventDefault();
        if (this.busy) return; // a second click on the same button
        this.busy = true;
        this.send(form, action, event.submitter).finally(() => { this.busy = false; });
      }
    });
  }

  async send(form, action, button) {
    form.querySelectorAll("[data-trouble]").forEach((old) => old.remove());
    const body = new URLSearchParams(new FormData(form));
    if (button?.name) body.append(button.name, button.value);
    const answer = await fetch(action, { method: "POST", body }).catch(() => null);
    const page = answer && new DOMParser().parseFromString(await answer.text(), "text/html");
    const part = page && page.querySelector("[data-cart]");
    if (!part) { form.submit(); return; }
    if (answer.status === 422 && form.matches("[data-add]")) { this.complain(form, part); return; }
    document.dispatchEvent(new Event("cart:changed")); // before the drawer is a step of the history
    document.querySelectorAll("[data-added]").forEach((old) => old.remove()); // it told of the cart before
    this.show(part);
    if (form.matches("[data-add]")) this.note(form, part);
  }

  note(form, part) { // what was put in stays told beside the button
    const words = part.querySelector("[role=status]")?.textContent;
    if (!words) return;
    const told = document.createElement("p");
    told.dataset.added = "";
    const link = document.createElement("a");
    link.href = "/cart";
    link.textContent = "See your cart";
    told.append(`${words} `, link);
    form.append(told);
  }

  complain(form, part) {
    const notices = [...part.querySelectorAll(".notice--trouble[role=alert]")];
    // A missing size is said above the sizes, and keeps its place when one is chosen. Anything else stands below the
    // button and goes away: neither moves what is under a finger.
    const sizes = form.querySelector("[name=sku]:checked") ? null : form.querySelector("fieldset");
    notices.forEach((notice) => {
      notice.dataset.trouble = "";
      const copy = document.importNode(notice, true);
      if (sizes) sizes.before(copy);
      else form.append(copy);
      copy.tabIndex = -1;
      copy.focus();
      form.addEventListener("change", () => { if (sizes) copy.classList.add("notice--settled"); else copy.remove(); }, { once: true });
    });
  }

  show(part) {
    const dialog = this.querySelector("dialog") || this.makeDialog();
    dialog.querySelector("[data-cart]")?.remove();
    dialog.append(document.importNode(part, true));
    if (!dialog.open) {
      dialog.showModal();
      this.at = location.href;
      if (!history.state?.dialog) history.pushState({ dialog: true }, "");
    }
    const heading = dialog.querySelector("[data-cart] h1");
    heading.tabIndex = -1;
    heading.focus();
  }

  makeDialog() {
    const dialog = document.createElement("dialog");
    dialog.className = "drawer";
    dialog.setAttribute("aria-label", "Cart");
    const close = document.createElement("button");
    close.type = "button";
    close.className = "button button--quiet";
    close.textContent = "Close and go on looking";
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    dialog.append(close);
    this.append(dialog);
    return dialog;
  }
}
customElements.define("cart-drawer", CartDrawer);
