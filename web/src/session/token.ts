import { Problem } from "./problem.js";
import { userOfThisTab } from "./remembered.js";

/** What lets one person into one session. */
export interface Admission {
  token: string;
  url: string;
}

const PATIENCE_MS = 15_000;

export async function askForToken(session: string, name: string): Promise<Admission> {
  if (!navigator.onLine) throw new Problem("offline", "This device is not connected.");
  const response = await fetch("/demo/token", {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify({ session, name, userId: userOfThisTab() }),
    signal: AbortSignal.timeout(PATIENCE_MS),
  }).catch((): never => {
    throw new Problem("unreachable", "The server did not answer.");
  });
  const body: unknown = await response.json().catch((): null => null);
  if (!response.ok) throw refusal(response, body);
  if (isAdmission(body)) return body;
  throw new Problem("unreachable", "The server's answer was not understood.");
}

/** RFC 9457: `detail` is what the server says to the person in front of the screen. */
function refusal(response: Response, body: unknown): Problem {
  const said = body as { title?: unknown; detail?: unknown } | null;
  const words = [said?.detail, said?.title].find((text) => typeof text === "string" && text !== "");
  const seconds = Number(response.headers.get("retry-after"));
  return new Problem(
    // A server that is being started again answers 500 or 503; it has refused nobody.
    response.status >= 500 ? "unreachable" : "refused",
    typeof words === "string" ? words : `The server answered ${response.status}.`,
    seconds > 0 ? seconds * 1_000 : undefined,
  );
}

function isAdmission(body: unknown): body is Admission {
  const { token, url } = (body ?? {}) as { token?: unknown; url?: unknown };
  return typeof token === "string" && typeof url === "string";
}
