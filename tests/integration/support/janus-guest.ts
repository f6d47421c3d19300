// Somebody at Janus' WebSocket, with whatever token they have.

import { once } from "node:events";

import { WebSocket } from "ws";

type Said = Record<string, any>;

export class JanusGuest {
  readonly #socket: WebSocket;
  readonly #token: string;
  #session = 0;
  #handle = 0;
  #transaction = 0;

  private constructor(socket: WebSocket, token: string) {
    this.#socket = socket;
    this.#token = token;
  }

  /** Begins a session and a handle of the VideoRoom. */
  static async enter({ url, token }: { url: string; token: string }): Promise<JanusGuest> {
    const socket = new WebSocket(url, "janus-protocol");
    await once(socket, "open");
    const guest = new JanusGuest(socket, token);
    try {
      guest.#session = (await guest.#say({ janus: "create" })).data.id;
      const attach = { janus: "attach", plugin: "janus.plugin.videoroom" };
      guest.#handle = (await guest.#say(attach)).data.id;
    } catch (error) {
      guest.leave();
      throw error;
    }
    return guest;
  }

  /** Joins a room; gives what it was answered, as far as it says whether it was let in. */
  async join(room: string, token: string | undefined): Promise<Said> {
    const said = await this.ask({ request: "join", ptype: "publisher", room, token });
    const { videoroom, error_code } = said;
    return error_code === undefined ? { videoroom } : { videoroom, error_code };
  }

  /** Asks the VideoRoom. */
  async ask(body: object): Promise<Said> {
    return (await this.#say({ janus: "message", body })).plugindata.data;
  }

  leave() {
    this.#socket.terminate();
  }

  #say(what: Said): Promise<Said> {
    const transaction = String(++this.#transaction);
    const where = {
      ...(this.#session && { session_id: this.#session }),
      ...(this.#handle && { handle_id: this.#handle }),
    };
    return new Promise((resolve, reject) => {
      const done = () => {
        this.#socket.off("message", read);
        this.#socket.off("close", gone);
      };
      const gone = () => reject(new Error("Janus closed the socket"));
      const read = (data: Buffer) => {
        const said = JSON.parse(data.toString());
        // What it does beside is acknowledged first.
        if (said.transaction !== transaction || said.janus === "ack") return;
        done();
        if (said.error) reject(new Error(`Janus: ${said.error.code} ${said.error.reason}`));
        else resolve(said);
      };
      this.#socket.on("message", read).on("close", gone);
      this.#socket.send(JSON.stringify({ ...what, ...where, transaction, token: this.#token }));
    });
  }
}
