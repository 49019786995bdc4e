// The page: forms, the list, and the one secret that is shown.

import { authHash, decrypt, encrypt, masterKey, newKeys, toBytes, toText } from "/cryptography.js";
import { KeyArc, Refusal, config } from "/keyarc.js";

const MAX_VALUE_BYTES = 65_536 - 28;
const TYPES = { api_key: "API key", cert: "Certificate", other: "Other" };

const page = (id) => document.getElementById(id);

let keyarc;
let vaultKey;
let nextCursor;

function say(text) {
  page("error").textContent = "";
  page("status").textContent = text;
}

function complain(error) {
  page("status").textContent = "";
  page("error").textContent =
    error instanceof Refusal ? error.message : `This did not work: ${error.message}`;
}

/** Runs the work once at a time, and says how it ended. */
async function busy(form, doing, work) {
  const fields = form.querySelector("fieldset");
  if (fields?.disabled) return;
  if (fields) fields.disabled = true;
  say(doing);
  try {
    await work();
  } catch (error) {
    complain(error);
    if (error.status === 401 && vaultKey) logOut();
  } finally {
    if (fields) fields.disabled = false;
  }
}

function onSubmit(id, doing, work) {
  const form = page(id);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(form));
    busy(form, doing, () => work(fields, form));
  });
}

async function signUp({ email, password }, form) {
  const master = await masterKey(email, password);
  const auth_hash = await authHash(master, password);
  await keyarc.signUp({ email, auth_hash, ...(await newKeys(master)) });
  form.reset();
  page("log-in-email").value = email;
  say("You have an account. Log in with your password.");
  page("log-in-password").focus();
}

async function logIn({ email, password }, form) {
  const master = await masterKey(email, password);
  const account = await keyarc.logIn(email, await authHash(master, password));
  vaultKey = await decrypt(master, account.encrypted_vault_key);
  form.reset();
  page("account-email").textContent = email.toLowerCase();
  showPart("vault");
  await list();
  say("You are logged in.");
  page("secrets-title").focus();
}

function logOut() {
  keyarc.logOut();
  vaultKey = undefined;
  page("secrets").replaceChildren();
  page("create").reset();
  page("shown").close();
  showPart("welcome");
}

function showPart(part) {
  page("welcome").hidden = part !== "welcome";
  page("vault").hidden = part !== "vault";
  page("account").hidden = part !== "vault";
}

async function list(cursor) {
  const { items, next_cursor } = await keyarc.secrets(cursor);
  if (!cursor) page("secrets").replaceChildren();
  page("secrets").append(...items.map(entry));
  page("no-secrets").hidden = page("secrets").childElementCount > 0;
  nextCursor = next_cursor;
  page("more").hidden = !next_cursor;
}

function entry({ id, name, type }) {
  const item = document.createElement("li");
  const label = document.createElement("span");
  const kind = document.createElement("small");
  const button = document.createElement("button");
  label.textContent = name;
  kind.textContent = TYPES[type] ?? type;
  label.append(kind);
  button.type = "button";
  button.className = "quiet";
  button.textContent = "Show";
  button.setAttribute("aria-label", `Show ${name}`);
  button.addEventListener("click", () => busy(item, "Decrypting…", () => show(id)));
  item.append(label, button);
  return item;
}

async function show(id) {
  const { name, encrypted_value } = await keyarc.secret(id);
  const value = toText(await decrypt(vaultKey, encrypted_value));
  page("shown-name").textContent = name;
  page("shown-value").textContent = value;
  say("");
  page("shown").showModal();
}

async function create({ name, type, value }, form) {
  const bytes = toBytes(value);
  if (bytes.length > MAX_VALUE_BYTES) throw new Error("the value is longer than 64 KiB.");
  const encrypted_value = await encrypt(vaultKey, bytes);
  await keyarc.create({ name, type, encrypted_value, owner_type: "user" });
  form.reset();
  await list();
  say(`“${name}” is saved.`);
}

async function start() {
  const found = await config();
  page("release").textContent = found.RELEASE_ID;
  keyarc = new KeyArc(found);
  if (!globalThis.isSecureContext) throw new Error("encryption needs https.");
  onSubmit("sign-up", "Making your keys…", signUp);
  onSubmit("log-in", "Unlocking…", logIn);
  onSubmit("create", "Encrypting…", create);
  page("log-out").addEventListener("click", () => {
    logOut();
    say("You are logged out.");
  });
  page("more").addEventListener("click", () =>
    busy(page("secrets"), "Loading…", () => list(nextCursor).then(() => say(""))),
  );
  page("shown").addEventListener("close", () => {
    page("shown-name").textContent = "";
    page("shown-value").textContent = "";
  });
  document.documentElement.dataset.ready = "true";
}

start().catch(complain);
