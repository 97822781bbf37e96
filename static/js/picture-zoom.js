// <picture-zoom>: shows a picture large in a dialog, larger and smaller by buttons; without script its link opens the file.
class PictureZoom extends HTMLElement {
  connectedCallback() {
    const link = this.querySelector("a");
    if (!link || typeof HTMLDialogElement === "undefined") return;
    link.setAttribute("role", "button");
    const open = (event) => { event.preventDefault(); this.open(link); };
    link.addEventListener("click", open);
    link.addEventListener("keydown", (event) => { if (event.key === " ") open(event); });
  }

  open(link) {
    const dialog = document.createElement("dialog");
    dialog.className = "zoom";
    dialog.setAttribute("aria-label", link.dataset.alt);
    const picture = document.createElement("img");
    picture.src = link.href;
    picture.alt = link.dataset.alt;
    const bar = document.createElement("div");
    bar.className = "zoom__bar";
    let step = 2; // larger than on the page at once
    const grow = (by) => {
      step = Math.min(4, Math.max(1, step + by));
      picture.className = `zoom__picture zoom__picture--${step}`;
      larger.disabled = step === 4;
      smaller.disabled = step === 1;
      frame.scrollLeft = (frame.scrollWidth - frame.clientWidth) / 2;
      frame.scrollTop = (frame.scrollHeight - frame.clientHeight) / 2;
    };
    const button = (words, act) => {
      const made = document.createElement("button");
      made.type = "button";
      made.className = "button button--quiet";
      made.textContent = words;
      made.addEventListener("click", act);
      bar.append(made);
      return made;
    };
    const larger = button("Larger", () => grow(1));
    const smaller = button("Smaller", () => grow(-1));
    button("Close", () => dialog.close());
    const how = document.createElement("p");
    how.textContent = "Scroll, or use the arrow keys, to move the picture.";
    bar.append(how);
    const frame = document.createElement("div");
    frame.className = "zoom__frame";
    frame.tabIndex = 0;
    frame.append(picture);
    dialog.append(bar, frame);
    dialog.addEventListener("close", () => { dialog.remove(); link.focus(); });
    this.append(dialog);
    dialog.showModal();
    picture.addEventListener("load", () => grow(0));
    grow(0);
  }
}
customElements.define("picture-zoom", PictureZoom);
