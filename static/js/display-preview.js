// <display-preview>: shows what is chosen on this very page, before it is kept.
class DisplayPreview extends HTMLElement {
  connectedCallback() {
    this.addEventListener("change", (event) => {
      const form = event.target.form;
      const query = new URLSearchParams([...new FormData(form)].filter(([name]) => name !== "next"));
      const styles = document.querySelector("link[href^='/preferences.css']");
      styles.href = `/preferences.css?${query}`;
      this.querySelector("[data-said]").textContent = "This is how it looks. Press Use these settings to keep it.";
    });
  }
}
customElements.define("display-preview", DisplayPreview);
