import type { Device, Wishes } from "../media/capture.js";

const NAME = "samewire.demo.name";
const USER = "samewire.demo.user";
const OFF = "samewire.demo.off.";
const INSIDE = "samewire.demo.inside";

/** Storage may be switched off or full; the page works without. */
function read(storage: () => Storage, key: string): string | null {
  try {
    return storage().getItem(key);
  } catch {
    return null;
  }
}

function write(storage: () => Storage, key: string, value: string): void {
  try {
    storage().setItem(key, value);
  } catch {
    // Not remembered, then.
  }
}

const everyTab = () => localStorage;
const thisTab = () => sessionStorage;

export const rememberedName = (): string => read(everyTab, NAME) ?? "";

export const rememberName = (name: string): void => write(everyTab, NAME, name);

/** Who this tab is to the demo: the same after a reload, so that nobody stays behind as a ghost. */
export function userOfThisTab(): string {
  const known = read(thisTab, USER);
  if (known) return known;
  const user = `demo-${crypto.randomUUID()}`;
  write(thisTab, USER, user);
  return user;
}

/** Nobody is unmuted by a reload. */
export const rememberDevice = (device: Device, on: boolean): void =>
  write(thisTab, OFF + device, on ? "" : "off");

export const rememberedWishes = (): Wishes => ({
  microphone: read(thisTab, `${OFF}microphone`) !== "off",
  camera: read(thisTab, `${OFF}camera`) !== "off",
});

/** The session this tab is in, or "" when it left: a reload goes straight back in. */
export const rememberInside = (session: string): void => write(thisTab, INSIDE, session);

export const wasInside = (session: string): boolean => read(thisTab, INSIDE) === session;
