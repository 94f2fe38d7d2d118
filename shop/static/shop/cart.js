// Puts products into the cart without leaving the page. The number in the header comes from a cookie,
// not from the page, so that pages hold nothing personal and caches can share them.

import { announce } from "./announce.js";

const TOAST_MILLISECONDS = 6000;

export function setUpCart() {
  showCount();
  window.addEventListener("pageshow", showCount);
  document.addEventListener("submit", (event) => {
    if (event.target.matches("[data-add-to-cart]")) {
      event.preventDefault();
      add(event.target);
    }
  });
}

function showCount() {
  const badge = document.querySelector("[data-cart-count]");
  const count = Number(document.cookie.match(/(?:^|; )cart_count=(\d+)/)?.[1] ?? 0);
  badge.textContent = count;
  badge.hidden = count === 0;
  badge.setAttribute("aria-label", `${count} ${badge.dataset.label}`);
}

async function add(form) {
  const button = form.querySelector("[type=submit]");
  button.disabled = true;
  try {
    const response = await fetch(form.action, {
      method: "POST",
      body: new FormData(form),
      headers: { Accept: "application/json" },
    });
    if (!response.headers.get("Content-Type")?.includes("json")) throw new Error(response.statusText);
    const answer = await response.json();
    showCount();
    toast(answer.message);
  } catch {
    form.submit(); // the plain form shows what went wrong
  } finally {
    button.disabled = false;
    button.focus();
  }
}

function toast(message) {
  document.querySelector(".toast")?.remove();
  const cartLink = document.querySelector(".cart-link");
  const box = document.createElement("div");
  box.className = "toast";
  const text = document.createElement("span");
  text.textContent = message;
  const link = document.createElement("a");
  link.href = cartLink.href;
  link.textContent = cartLink.querySelector("span").textContent;
  box.append(text, link);
  document.querySelector("main").append(box);
  announce(message);
  setTimeout(() => box.remove(), TOAST_MILLISECONDS);
}
