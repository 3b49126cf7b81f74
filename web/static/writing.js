/* Comforts for whoever writes an alert: fields put in where the cursor is, and who gets it, counted meanwhile. */
"use strict";

/* The lists stand on the page for everybody; their buttons are made when somebody opens a box's row. */
function fieldsOf(groups) {
  return groups.split(" ").flatMap((group) =>
    [...document.querySelectorAll(`[data-fields="${group}"] tr:not([data-closed])`)].flatMap((row) =>
      [...row.querySelectorAll("td:first-child code")].map((code) => (
        { code: code.textContent, block: code.dataset.label, means: row.cells[1].textContent.trim() }))));
}

function fieldButton(field, box) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "small";
  button.textContent = field.block || field.code.replace(/[{}]/g, "").trim();
  button.title = field.means;
  button.addEventListener("click", () => {
    const code = field.block ? apart(field.code.trim(), box) : field.code;
    box.setRangeText(code, box.selectionStart, box.selectionEnd, "end");
    box.dispatchEvent(new Event("input", { bubbles: true }));
    box.focus();
  });
  return button;
}

/* A block stands between empty lines. */
function apart(block, box) {
  const before = box.value.slice(0, box.selectionStart).match(/\n*$/)[0].length;
  const after = box.value.slice(box.selectionEnd).match(/^\n*/)[0].length;
  const first = box.selectionStart === before;
  return `${first ? "" : "\n".repeat(Math.max(0, 2 - before))}${block}${"\n".repeat(Math.max(0, 2 - after))}`;
}

function offerFields(row) {
  const fields = fieldsOf(row.dataset.insert);
  if (!fields.length) return;
  const box = document.getElementById(row.dataset.into);
  row.hidden = false;
  row.addEventListener("toggle", () => {
    row.lastElementChild.replaceChildren(...fields.map((field) => fieldButton(field, box)));
  }, { once: true });
}

function show(place, piece) {
  const open = place.querySelector("details[open]") !== null;
  place.innerHTML = piece;
  const details = place.querySelector("details");
  if (details) details.open = open;
}

/* One question at a time: what changed while it was answered is asked after it. */
function countLive(place) {
  const form = place.closest("form");
  const names = new Set(place.dataset.counts.split(" "));
  let timer = 0, asking = false, again = false;
  const ask = async () => {
    if (asking) { again = true; return; }
    asking = true;
    place.setAttribute("aria-busy", "true");
    const body = new URLSearchParams();
    new FormData(form).forEach((value, name) => {
      if (name === "csrf" || names.has(name)) body.append(name, value);
    });
    const answer = await fetch(place.dataset.count, { method: "POST", body }).catch(() => null);
    if (answer && answer.ok && !answer.redirected) {
      show(place, await answer.text());
      form.dispatchEvent(new Event("input")); // what it costs follows from how many there are
    }
    place.removeAttribute("aria-busy");
    asking = false;
    if (again) { again = false; ask(); }
  };
  const soon = (event) => {
    if (!names.has(event.target.name)) return;
    clearTimeout(timer);
    timer = setTimeout(ask, 350);
  };
  form.addEventListener("input", soon);
  form.addEventListener("change", soon);
  document.querySelectorAll("[data-uncounted]").forEach((each) => { each.hidden = true; });
  ask();
}

/* The server cannot see what is unfolded: the form tells it, so that no part closes over somebody's work. */
function noteParts(form) {
  form.addEventListener("formdata", (event) => {
    form.querySelectorAll("details[data-part]").forEach((part) => {
      if (part.open) event.formData.append("open", part.dataset.part);
    });
    event.formData.append("open", "");
  });
}

/* The email in a frame, as its own page. Each look takes a new frame: it leaves no step to go back to. */
function showLive(stage) {
  const form = stage.closest("form");
  const button = stage.querySelector("[data-show]");
  const place = stage.querySelector(".frame");
  let timer = 0, looks = 0;
  const show = () => {
    const frame = place.lastElementChild.cloneNode();
    frame.name = `email-preview-${looks += 1}`;
    place.append(frame);
    frame.addEventListener("load", () => {
      while (frame.previousElementSibling) frame.previousElementSibling.remove();
    }, { once: true });
    button.formTarget = frame.name;
    form.requestSubmit(button);
  };
  const fold = stage.closest("details");
  const isSeen = () => !fold || fold.open;
  const soon = (event) => {
    if (event.target.name === "width" || !isSeen()) return;
    clearTimeout(timer);
    timer = setTimeout(show, 500);
  };
  button.parentElement.hidden = true;
  form.addEventListener("input", soon);
  if (fold) fold.addEventListener("toggle", () => { if (fold.open) show(); });
  if (stage.dataset.preview !== "later" && isSeen()) show();
}

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("[data-preview]").forEach(showLive);
  document.querySelectorAll("[data-insert]").forEach(offerFields);
  document.querySelectorAll("[data-parts]").forEach(noteParts);
  document.querySelectorAll("[data-count]").forEach(countLive);
});
