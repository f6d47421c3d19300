// Join tokens.

let key;

/** What a join token of this session says, if it is one. */
export async function verify(secret, token, session) {
  const [header, body, signature] = token.split(".");
  try {
    const json = (part) => JSON.parse(new TextDecoder().decode(bytes(part)));
    if (json(header).alg !== "HS256") return undefined;
    const signed = new TextEncoder().encode(`${header}.${body}`);
    key ??= crypto.subtle.importKey(
      "raw",
      new TextEncoder().encode(secret),
      { name: "HMAC", hash: "SHA-256" },
      false,
      ["verify"],
    );
    if (!(await crypto.subtle.verify("HMAC", await key, bytes(signature), signed)))
      return undefined;
    const { sub, name, sid, role, exp, iat, jti } = json(body);
    const [expires_at, lasts] = [exp * 1000, (exp - iat) * 1000];
    return sid === session && { user: sub, name, role, expires_at, lasts, token: jti };
  } catch {
    return undefined;
  }
}

function bytes(base64url) {
  return Uint8Array.fromBase64(base64url, { alphabet: "base64url" });
}
