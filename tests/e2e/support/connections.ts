// What a page's connections do, whoever made them. Each function runs in the page.

/** What has come of everyone else's media. */
export interface Received {
  framesDecoded: number;
  audioPackets: number;
}

declare global {
  interface Window {
    /** Every connection that the page has made. */
    connections: RTCPeerConnection[];
  }
}

/** Keeps every connection that the page makes from now on. */
export function keepConnections(): void {
  window.connections = [];
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      window.connections.push(this);
    }
  };
}

/** The sum over all connections that are open. */
export async function received(): Promise<Received> {
  let framesDecoded = 0;
  let audioPackets = 0;
  for (const connection of window.connections) {
    if (connection.connectionState === "closed") continue;
    for (const report of (await connection.getStats()).values()) {
      if (report.type !== "inbound-rtp") continue;
      if (report.kind === "video") framesDecoded += report.framesDecoded ?? 0;
      else audioPackets += report.packetsReceived ?? 0;
    }
  }
  return { framesDecoded, audioPackets };
}

/** How many connections are open, and how many were made. */
export function connections(): { open: number; made: number } {
  const all = window.connections;
  return {
    open: all.filter((one) => one.connectionState !== "closed").length,
    made: all.length,
  };
}
