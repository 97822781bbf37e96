// <steady-hand>: takes no second click that a trembling hand makes: on what has just come to lie under the finger, or on
// a box that it would untick again.
class SteadyHand extends HTMLElement {
  connectedCallback() {
    document.addEventListener("click", (event) => {
      if (event.detail === 0) return; // by keyboard, or by a program
      if (event.pointerType === "touch" && event.timeStamp < 600) { // it was meant for the page before
        event.preventDefault();
        event.stopPropagation();
        return;
      }
      const target = event.target.closest("a, button, input, label, select, summary, textarea, img");
      const click = { thing: target?.control || target, at: event.timeStamp, x: event.clientX, y: event.clientY };
      const last = this.last || { at: -Infinity };
      const since = click.at - last.at;
      const isTap = event.pointerType === "touch" && since < 600 && Math.hypot(click.x - last.x, click.y - last.y) < 30;
      const undoes = click.thing?.matches("[type=checkbox], summary");
      // A label clicks its field by itself, at once.
      if (since > 30 && (isTap || event.detail > 1) && (click.thing !== last.thing || undoes)) {
        event.preventDefault();
        event.stopPropagation();
        return;
      }
      this.last = click;
    }, true);
  }
}
customElements.define("steady-hand", SteadyHand);
