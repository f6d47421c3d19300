// Tokens that the API would not make: forged, of another algorithm, over in seconds.

import { createHmac } from "node:crypto";

const part = (json: object) => Buffer.from(JSON.stringify(json)).toString("base64url");

/** A JSON Web Token with these claims, signed with this secret as HS256, whatever `alg` says. */
export function jwt(claims: object, secret: string, alg = "HS256"): string {
  const signed = `${part({ alg, typ: "JWT" })}.${part(claims)}`;
  const signature =
    alg === "none" ? "" : createHmac("sha256", secret).update(signed).digest("base64url");
  return `${signed}.${signature}`;
}
