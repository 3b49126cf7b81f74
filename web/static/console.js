/* Small comforts. Every page works without this file. */
"use strict";

const root = document.documentElement;
const saved = localStorage.getItem("theme");
if (saved) root.dataset.theme = saved;

function dark() {
  const chosen = root.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function offerTheme(button) {
  button.hidden = false;
  button.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    localStorage.setItem("theme", root.dataset.theme);
  });
}

/* Ask the server to measure the words while they are written: it alone knows how a text is sent. */
function measureLive(form) {
  const target = document.getElementById(form.dataset.measure);
  let timer = 0;
  let asked = null;
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      if (asked) asked.abort();
      asked = new AbortController();
      const answer = await fetch(form.dataset.measureUrl, {
        method: "POST", body: new URLSearchParams(new FormData(form)), signal: asked.signal,
      }).catch(() => null);
      if (answer && answer.ok) target.innerHTML = await answer.text();
    }, 350);
  });
}

/* The live page: the server sends the same pieces of HTML that it rendered first. */
function followAlert(page) {
  const source = new EventSource(page.dataset.events);
  page.querySelectorAll("[data-piece]").forEach((piece) => {
    source.addEventListener(piece.dataset.piece, (event) => {
      piece.innerHTML = event.data;
      countDown(piece);
    });
  });
  source.addEventListener("finished", () => source.close());
}

function countDown(scope) {
  const clock = scope.querySelector("[data-until]");
  if (!clock) return;
  const until = Date.parse(clock.dataset.until);
  const tick = () => {
    if (!clock.isConnected) return;
    clock.textContent = Math.max(0, Math.ceil((until - Date.now()) / 1000));
    if (until > Date.now()) setTimeout(tick, 250);
  };
  tick();
}

function insertField(button) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const box = document.getElementById(button.dataset.into);
    box.setRangeText(button.dataset.field, box.selectionStart, box.selectionEnd, "end");
    box.dispatchEvent(new Event("input", { bubbles: true }));
    box.focus();
  });
}

/* Passkeys: the server asks, the device answers, and the form carries the answer back. */
async function answerPasskey(form) {
  const body = new URLSearchParams();
  if (form.elements.csrf) body.set("csrf", form.elements.csrf.value);
  const asked = await fetch(form.dataset.passkey, { method: "POST", body });
  if (!asked.ok || asked.redirected) throw new Error(asked.status);
  const question = await asked.json();
  const answer = "make" in form.dataset
    ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(question) })
    : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(question) });
  form.querySelector("[data-answer]").value = JSON.stringify(answer.toJSON());
  form.submit();
}

function offerPasskey(form) {
  if (!window.PublicKeyCredential || !PublicKeyCredential.parseRequestOptionsFromJSON) return;
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    answerPasskey(form).catch(() => { form.querySelector(".problem").hidden = false; });
  });
}

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("[data-theme-switch]").forEach(offerTheme);
  document.querySelectorAll("[data-measure]").forEach(measureLive);
  document.querySelectorAll("[data-field]").forEach(insertField);
  document.querySelectorAll("[data-passkey]").forEach(offerPasskey);
  document.querySelectorAll("[data-events]").forEach((each) => { followAlert(each); countDown(each); });
});
