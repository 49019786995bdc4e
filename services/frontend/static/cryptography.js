// What KeyArc promises about keys: the password gives a master key, which locks a vault key and a
// private key; the vault key locks each secret. Only locked things and the auth hash are sent.

const AUTH_HASH_ROUNDS = 100_000;
const NONCE_BYTES = 12;
const KEY_BYTES = 32;
const RSA = {
  name: "RSA-OAEP",
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
  hash: "SHA-256",
};

const utf8 = new TextEncoder();

export const toBytes = (text) => utf8.encode(text);
export const toText = (bytes) => new TextDecoder("utf-8", { fatal: true }).decode(bytes);

export function toBase64(bytes) {
  let binary = "";
  for (const byte of new Uint8Array(bytes)) binary += String.fromCharCode(byte);
  return btoa(binary);
}

export function fromBase64(text) {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}

/** 32 bytes, made in a worker: it takes a second and 64 MiB, which ending the worker gives back. */
export function masterKey(email, password) {
  return new Promise((resolve, reject) => {
    const worker = new Worker("/master-key.js");
    const end = (settle, value) => {
      worker.terminate();
      settle(value);
    };
    worker.onmessage = ({ data }) => end(resolve, data);
    worker.onerror = () => end(reject, new Error("This browser could not derive the key."));
    worker.postMessage({ email: toBytes(email.toLowerCase()), password: toBytes(password) });
  });
}

/** What proves the password to the server, in base64. */
export async function authHash(master, password) {
  const key = await crypto.subtle.importKey("raw", master, "PBKDF2", false, ["deriveBits"]);
  const derivation = {
    name: "PBKDF2",
    hash: "SHA-256",
    salt: toBytes(password),
    iterations: AUTH_HASH_ROUNDS,
  };
  return toBase64(await crypto.subtle.deriveBits(derivation, key, KEY_BYTES * 8));
}

/** The three keys of a new account, as signup sends them. */
export async function newKeys(master) {
  const pair = await crypto.subtle.generateKey(RSA, true, ["encrypt", "decrypt"]);
  const vaultKey = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  const privateKey = await crypto.subtle.exportKey("pkcs8", pair.privateKey);
  const publicKey = await crypto.subtle.exportKey("spki", pair.publicKey);
  return {
    encrypted_vault_key: await encrypt(master, vaultKey),
    encrypted_private_key: await encrypt(master, privateKey),
    public_key: toBase64(publicKey),
  };
}

/** Base64 of nonce, ciphertext and tag. */
export async function encrypt(key, plaintext) {
  const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const aes = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt"]);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, aes, plaintext);
  const whole = new Uint8Array(NONCE_BYTES + sealed.byteLength);
  whole.set(iv);
  whole.set(new Uint8Array(sealed), NONCE_BYTES);
  return toBase64(whole);
}

/** The bytes that `encrypt` was given; an error when the key is another or anything was changed. */
export async function decrypt(key, text) {
  const whole = fromBase64(text);
  const algorithm = { name: "AES-GCM", iv: whole.subarray(0, NONCE_BYTES) };
  const aes = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
  try {
    return new Uint8Array(await crypto.subtle.decrypt(algorithm, aes, whole.subarray(NONCE_BYTES)));
  } catch {
    // The browser's own error says nothing.
    throw new Error("it is under another key, or was changed on its way.");
  }
}
