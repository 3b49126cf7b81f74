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

/* Ask the server to look at the words while they are written: it alone knows how a text is sent, and to whom. */
function measureLive(form) {
  let timer = 0;
  const target = document.getElementById(form.dataset.measure);
  let asked = null;
  const look = async (button) => {
    clearTimeout(timer);
    if (asked) asked.abort();
    asked = new AbortController();
    const body = new URLSearchParams(new FormData(form));
    if (button) body.set(button.name, button.value);
    const answer = await fetch(form.dataset.measureUrl, { method: "POST", body, signal: asked.signal }).catch(() => null);
    if (answer && answer.ok && !answer.redirected) putPieces(target, await answer.text());
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => look(null), 350);
  });
  form.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=then]");
    if (!button) return;
    if (button.dataset.plain) usePlain(button, event);
    else if (button.value.startsWith("see:")) {
      event.preventDefault();
      look(button);
    }
  });
}

/* An answer of several pieces says where each goes; any other is one piece. */
function putPieces(target, html) {
  const page = document.createElement("template");
  page.innerHTML = html;
  const pieces = page.content.querySelectorAll("[data-piece]");
  if (!pieces.length) target.innerHTML = html;
  pieces.forEach((piece) => {
    const place = document.getElementById(piece.dataset.piece);
    if (!place) return;
    const open = place.querySelector("details[data-keep][open]");
    place.replaceChildren(...piece.childNodes);
    if (open) place.querySelectorAll("details[data-keep]").forEach((each) => { each.open = true; });
  });
}

function usePlain(button, event) {
  event.preventDefault();
  const box = document.getElementById(button.dataset.box);
  box.value = button.dataset.plain;
  box.dispatchEvent(new Event("input", { bubbles: true }));
  box.focus();
}

/* The live page: the server sends the same pieces of HTML that it rendered first. */
function followAlert(page) {
  document.querySelectorAll("[data-refresh]").forEach((each) => { each.hidden = true; });
  const source = new EventSource(page.dataset.events);
  page.querySelectorAll("[data-piece]").forEach((piece) => {
    source.addEventListener(piece.dataset.piece, (event) => {
      piece.innerHTML = event.data;
      countDown(piece);
    });
  });
  source.addEventListener("finished", () => source.close());
}

/* A piece that changes for some seconds: asked for again until it says that it is settled. */
function pollPiece(piece) {
  const ask = async () => {
    if (!piece.isConnected) return;
    const answer = await fetch(piece.dataset.poll).catch(() => null);
    if (answer && answer.ok && !answer.redirected) piece.innerHTML = await answer.text();
    if (!piece.querySelector("[data-settled]")) setTimeout(ask, 3000);
  };
  setTimeout(ask, 1500);
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

/* Answers to begin with: the server could put them into the box as well. */
function beginWith(button) {
  button.addEventListener("click", (event) => {
    event.preventDefault();
    const box = button.form.elements.words;
    box.value = button.dataset.words;
    box.dispatchEvent(new Event("input", { bubbles: true }));
    comeTo(box);
  });
}

/* Single keys in the inbox. Everything they do has a button; they can be switched off (WCAG 2.1.4). */
const TYPED_INTO = "textarea, select, [contenteditable], input:not([type=checkbox]):not([type=radio])";

function comeTo(element) {
  if (!element) return;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  element.focus({ preventScroll: true });
  element.scrollIntoView({ block: "center", behavior: still ? "auto" : "smooth" });
}

function here() {
  const row = document.activeElement && document.activeElement.closest("[data-row]");
  return row || (document.querySelector("[data-row]") ? null : document);
}

function step(by) {
  const rows = [...document.querySelectorAll("[data-row]")];
  if (!rows.length) {
    const link = document.querySelector(by > 0 ? "a[rel=next]" : "a[rel=prev]");
    if (link) link.click();
    return;
  }
  const at = rows.indexOf(here());
  const next = at < 0 ? rows[by > 0 ? 0 : rows.length - 1] : rows[at + by];
  if (next) comeTo(next.querySelector("[data-open]"));
}

function open(part) {
  const place = here();
  if (!place) return;
  const link = place.querySelector("[data-open]");
  if (link) location.href = part ? `${link.href}#${part}` : link.href;
  else if (part) comeTo(document.getElementById(part));
}

function press(selector) {
  const place = here();
  const form = place && place.querySelector(selector);
  if (form) form.requestSubmit();
}

const KEYS = {
  j: () => step(1), k: () => step(-1), o: () => open(""), r: () => open("words"), e: () => press("[data-done]"),
  s: () => open("later"), a: () => open("to"),
  u: () => { const button = document.querySelector("[data-undo]"); if (button) button.form.requestSubmit(); },
  O: () => { const place = here(); if (place) comeTo(place.querySelector("[data-opt-out]")); },
  "?": () => document.getElementById("keys").showModal(),
};

function listenToKeys(dialog) {
  const box = dialog.querySelector("[data-keys-switch]");
  box.checked = localStorage.getItem("keys") !== "off";
  box.addEventListener("change", () => localStorage.setItem("keys", box.checked ? "on" : "off"));
  document.querySelectorAll("[data-keys-button]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => dialog.showModal());
  });
  document.addEventListener("keydown", (event) => {
    if (!box.checked || dialog.open || event.defaultPrevented || event.repeat) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest(TYPED_INTO)) return;
    const plain = event.key.toLowerCase();
    const key = event.shiftKey && plain === "o" ? "O" : event.shiftKey && plain !== "?" ? "" : plain;
    if (!Object.hasOwn(KEYS, key)) return;
    event.preventDefault();
    KEYS[key]();
  });
}

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("[data-theme-switch]").forEach(offerTheme);
  document.querySelectorAll("[data-measure]").forEach(measureLive);
  document.querySelectorAll("[data-words]").forEach(beginWith);
  document.querySelectorAll("dialog#keys").forEach(listenToKeys);
  document.querySelectorAll("[data-poll]").forEach(pollPiece);
  document.querySelectorAll("[data-passkey]").forEach(offerPasskey);
  document.querySelectorAll("[data-events]").forEach((each) => { followAlert(each); countDown(each); });
});
