// <picture-zoom>: shows a picture large in a dialog, larger and smaller by buttons; without script its link opens the file.
class PictureZoom extends HTMLElement {
  connectedCallback() {
    const link = this.querySelector("a");
    if (!link || typeof HTMLDialogElement === "undefined") return;
    link.setAttribute("role", "button");
    const open = (event) => { event.preventDefault(); this.open(link); };
    link.addEventListener("click", open);
    const small = this.parentElement.previousElementSibling;
    small.addEventListener("click", open);
    small.classList.add("product__grows");
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
    let step = 1; // the whole shoe first
    const grow = (by) => {
      const across = (frame.scrollLeft + frame.clientWidth / 2) / frame.scrollWidth;
      const down = (frame.scrollTop + frame.clientHeight / 2) / frame.scrollHeight;
      step = Math.min(4, Math.max(1, step + by));
      picture.className = `zoom__picture zoom__picture--${step}`;
      larger.disabled = step === 4;
      smaller.disabled = step === 1;
      for (const way of Object.values(ways)) way.disabled = step === 1;
      frame.scrollLeft = across * frame.scrollWidth - frame.clientWidth / 2; // what was looked at stays in the middle
      frame.scrollTop = down * frame.scrollHeight - frame.clientHeight / 2;
    };
    const move = (across, down) => frame.scrollBy(across * frame.clientWidth / 4, down * frame.clientHeight / 4);
    const button = (words, act, within = bar) => {
      const made = document.createElement("button");
      made.type = "button";
      made.className = "button button--quiet";
      made.textContent = words;
      made.addEventListener("click", act);
      within.append(made);
      return made;
    };
    const larger = button("Larger", () => grow(1));
    const smaller = button("Smaller", () => grow(-1));
    const ways = {};
    const arrows = document.createElement("div");
    bar.append(arrows);
    for (const [key, sign, words, across, down] of [
      ["ArrowLeft", "←", "Look more to the left", -1, 0],
      ["ArrowRight", "→", "Look more to the right", 1, 0],
      ["ArrowUp", "↑", "Look further up", 0, -1],
      ["ArrowDown", "↓", "Look further down", 0, 1],
    ]) {
      ways[key] = button(sign, () => move(across, down), arrows);
      ways[key].setAttribute("aria-label", words);
    }
    button("Close", () => dialog.close()).classList.add("zoom__close");
    dialog.addEventListener("keydown", (event) => {
      if (!(event.key in ways)) return;
      event.preventDefault();
      ways[event.key].click();
    });
    const frame = document.createElement("div");
    frame.className = "zoom__frame";
    frame.tabIndex = 0;
    frame.append(picture);
    dialog.append(bar, frame);
    const back = () => dialog.close();
    addEventListener("popstate", back);
    dialog.addEventListener("close", () => {
      removeEventListener("popstate", back);
      dialog.remove();
      link.focus();
    });
    this.append(dialog);
    dialog.showModal();
    if (!history.state?.dialog) history.pushState({ dialog: true }, "");
    grow(0);
  }
}
customElements.define("picture-zoom", PictureZoom);
