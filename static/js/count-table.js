// <count-table>: saves each count in place. Arrows move, Enter saves and goes down, Escape takes back, and
// who leaves is asked about what is not saved.
class CountTable extends HTMLElement {
  connectedCallback() {
    this.querySelectorAll("[data-step]").forEach((button) => { button.hidden = false; });
    const keys = document.querySelector("[data-keys]");
    if (keys) keys.hidden = false;
    this.addEventListener("submit", (event) => { event.preventDefault(); this.save(event.target); });
    this.addEventListener("keydown", (event) => this.key(event));
    this.addEventListener("focusin", (event) => { if (event.target.matches(".count__input")) event.target.select(); });
    this.addEventListener("input", (event) => { if (event.target.matches(".count__input")) this.edited(event.target.form); });
    addEventListener("beforeunload", (event) => { if (this.querySelector(".count__said--edited")) event.preventDefault(); });
    this.addEventListener("click", (event) => {
      const button = event.target.closest("[data-step]");
      if (button) this.step(button);
    });
  }

  key(event) {
    const input = event.target;
    if (!input.matches(".count__input")) return;
    const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    const move = moves[event.key];
    const whole = input.selectionStart === 0 && input.selectionEnd === input.value.length;
    if (move && (move[0] || whole)) { event.preventDefault(); this.move(input, ...move); }
    if (event.key === "Enter") { event.preventDefault(); this.save(input.form); this.move(input, 1, 0); }
    if (event.key === "Escape") { event.preventDefault(); this.takeBack(input.form); input.select(); }
  }

  move(input, down, right) {
    const rows = [...this.querySelectorAll("[data-count]")];
    const fields = (form) => [...form.querySelectorAll(".count__input")];
    const column = fields(input.form).indexOf(input);
    const form = rows[rows.indexOf(input.form) + down];
    if (!form) return;
    const target = down ? fields(form)[Math.min(column, fields(form).length - 1)] : fields(form)[column + right];
    if (target) target.focus();
  }

  step(button) {
    const input = button.parentElement.querySelector("input");
    input.value = Math.max(0, (Number(input.value) || 0) + Number(button.dataset.step));
    this.edited(button.form);
  }

  edited(form) {
    const changed = [...form.querySelectorAll(".count__input")].some((input) => input.value !== input.defaultValue);
    this.say(form, changed ? "edited" : "", changed ? "Not saved yet." : "");
  }

  takeBack(form) {
    form.querySelectorAll(".count__input").forEach((input) => { input.value = input.defaultValue; });
    this.say(form, "", "");
  }

  async save(form) {
    if (form.dataset.busy) return;
    form.dataset.busy = "yes";
    const sent = new URLSearchParams(new FormData(form));
    const request = { method: "POST", body: sent, headers: { Accept: "application/json" } };
    const answer = await fetch(form.action, request).then((r) => r.json()).catch(() => null);
    delete form.dataset.busy;
    if (!answer) { this.say(form, "refused", "Not saved: the shop did not answer. Please try again."); return; }
    if (answer.state === "saved" || answer.state === "moved") this.rebase(form, answer);
    if (answer.state === "saved") { // its reason is not that of the next count
      form.elements.reason.selectedIndex = 0;
      form.elements.note.value = "";
      form.querySelector("details").open = false;
    }
    const words = answer.words || answer.error;
    this.say(form, answer.state || "refused", { moved: `Not saved. ${words} Save again to set your number all the same.`, saved: words }[answer.state] || `Refused. ${words}`);
  }

  rebase(form, answer) {
    const row = form.closest("tr");
    const pairs = form.elements.based_on;
    if (pairs && answer.left === answer.right) pairs.value = answer.left;
    if (!pairs) {
      form.elements.based_on_left.value = answer.left;
      form.elements.based_on_right.value = answer.right;
    }
    form.querySelectorAll(".count__input").forEach((input) => {
      input.defaultValue = input.name === "right" ? answer.right : answer.left;
    });
    row.querySelector("[data-held]").textContent = answer.held;
    row.querySelector("[data-free]").textContent = answer.free;
    row.querySelector("[data-odd]").textContent = answer.odd;
  }

  say(form, state, words) {
    const said = form.parentElement.querySelector("[data-said]");
    said.className = `count__said count__said--${state}`;
    if (said.textContent !== words) said.textContent = words;
    if (state && state !== "edited") said.scrollIntoView({ block: "nearest" });
  }
}
customElements.define("count-table", CountTable);
