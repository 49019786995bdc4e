// A worker: Argon2id(password, salt = SHA-256(email)). WebCrypto has no Argon2id.

importScripts("/vendor/argon2.umd.min.js");

self.onmessage = async ({ data: { email, password } }) => {
  const key = await hashwasm.argon2id({
    password,
    salt: new Uint8Array(await crypto.subtle.digest("SHA-256", email)),
    iterations: 3,
    memorySize: 65_536,
    parallelism: 4,
    hashLength: 32,
    outputType: "binary",
  });
  self.postMessage(key);
};

// A rejection in an async handler does not reach the page's `onerror` by itself.
self.onunhandledrejection = ({ reason }) => {
  setTimeout(() => {
    throw reason;
  });
};
