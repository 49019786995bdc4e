// KeyArc over HTTP. What it sends is already encrypted.

const LIMIT_MS = 15_000;

/** An answer that is no success; `message` can be shown to the user. */
export class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function ask(url, { method = "GET", body, headers = {} } = {}) {
  let response;
  try {
    response = await fetch(url, {
      method,
      body: body && JSON.stringify(body),
      headers: body ? { "Content-Type": "application/json", ...headers } : headers,
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      signal: AbortSignal.timeout(LIMIT_MS),
    });
  } catch {
    throw new Refusal(0, "KeyArc does not answer. Try again in a moment.");
  }
  const answer = await response.json().catch(() => null);
  if (response.ok && answer) return answer;
  const wait = response.headers.get("Retry-After");
  throw new Refusal(
    response.status,
    (answer?.detail ?? `KeyArc answered ${response.status}.`) +
      (response.status === 429 && wait ? ` Try again in ${wait} s.` : ""),
  );
}

export const config = () => ask("/config.json");

/** The calls that the page makes, at the addresses of `config`. */
export class KeyArc {
  #token = "";

  constructor({ AUTH_URL, API_URL }) {
    this.auth = AUTH_URL;
    this.api = API_URL;
  }

  signUp(account) {
    return ask(`${this.auth}/signup`, { method: "POST", body: account });
  }

  /** Keeps the token for the calls after it; answers the locked keys. */
  async logIn(email, hash) {
    const body = { email, auth_hash: hash };
    const answer = await ask(`${this.auth}/login`, { method: "POST", body });
    this.#token = answer.access_token;
    return answer;
  }

  logOut() {
    this.#token = "";
  }

  secrets(cursor) {
    const query = new URLSearchParams({ limit: 100, ...(cursor && { cursor }) });
    return this.#ask(`/keys/secrets?${query}`);
  }

  secret(id) {
    return this.#ask(`/keys/secrets/${encodeURIComponent(id)}`);
  }

  create(secret) {
    const headers = { "Idempotency-Key": crypto.randomUUID() };
    return this.#ask("/keys/secrets", { method: "POST", body: secret, headers });
  }

  #ask(path, { headers, ...options } = {}) {
    const authorization = { Authorization: `Bearer ${this.#token}` };
    return ask(this.api + path, { ...options, headers: { ...headers, ...authorization } });
  }
}
