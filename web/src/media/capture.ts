export type Device = "microphone" | "camera";
export type Wishes = Record<Device, boolean>;

/** What could be captured, and in plain words what could not. The stream may be empty: one can join to watch and listen. */
export interface Capture {
  stream: MediaStream;
  trouble: Partial<Record<Device, string>>;
}

// What a mesh of several carries on a plain laptop.
const CAMERA: MediaTrackConstraints = {
  width: { ideal: 640 },
  height: { ideal: 480 },
  frameRate: { ideal: 24, max: 30 },
  facingMode: "user",
};

/** Asks once for everything; only when that fails, for each device by itself, so that one missing does not cost the other. */
export async function capture(wishes: Wishes): Promise<Capture> {
  const devices = (["microphone", "camera"] as const).filter((device) => wishes[device]);
  if (devices.length === 0) return { stream: new MediaStream(), trouble: {} };
  try {
    return { stream: await open(devices), trouble: {} };
  } catch (thrown) {
    const [only, another] = devices;
    if (only !== undefined && another === undefined) {
      return {
        stream: new MediaStream(),
        trouble: { [only]: inWords(only, thrown) },
      };
    }
  }
  const result: Capture = { stream: new MediaStream(), trouble: {} };
  for (const device of devices) {
    try {
      for (const track of (await open([device])).getTracks()) result.stream.addTrack(track);
    } catch (thrown) {
      result.trouble[device] = inWords(device, thrown);
    }
  }
  return result;
}

export function release(stream: MediaStream | null): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

async function open(devices: Device[]): Promise<MediaStream> {
  // Absent where the page is neither on https nor on localhost.
  if (!("mediaDevices" in navigator)) throw new DOMException("", "SecurityError");
  return navigator.mediaDevices.getUserMedia({
    audio: devices.includes("microphone"),
    video: devices.includes("camera") ? CAMERA : false,
  });
}

/** Why a device does not work and what to do about it. Knows the browser's exceptions and errors that wrap one. */
export function inWords(device: Device, thrown: unknown): string {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  const names = [thrown, cause].map((error) => (error instanceof Error ? error.name : ""));
  const code = (thrown as { code?: unknown } | null)?.code;
  const is = (...wanted: string[]) =>
    names.some((name) => wanted.includes(name)) ||
    (typeof code === "string" && wanted.includes(code));
  if (is("SecurityError")) {
    return `The ${device} needs a secure page: open this one over https or on localhost.`;
  }
  if (is("NotAllowedError", "denied", "permission-denied")) {
    return `Your browser blocks the ${device}. Allow it in the site settings, then try again.`;
  }
  if (is("NotFoundError", "OverconstrainedError", "no-device", "not-found")) {
    return `No ${device} was found.`;
  }
  if (is("NotReadableError", "AbortError", "in-use")) {
    return `Your ${device} does not start. Another program may be using it.`;
  }
  return `Your ${device} does not start.`;
}
