// Cloudflare's own client for its SFU, as its README uses it: observables in, observables out.

import { PartyTracks } from "partytracks/client";
import { BehaviorSubject, of } from "rxjs";

const party = new PartyTracks({ prefix: "/partytracks", iceServers: [] });
const errors = [];
party.session$.subscribe({
  next: ({ sessionId, peerConnection }) =>
    Object.assign(window.party, { sessionId, peerConnection }),
  error: (error) => errors.push(String(error)),
});

/** What is published or watched, by a name of the test's: how to end it, and how to change its layer. */
const running = new Map();

window.party = {
  errors,
  sessionId: undefined,
  peerConnection: undefined,

  /** Publishes a track, and answers what others need to pull it. */
  push(name, track, encodings = []) {
    return new Promise((published, failed) => {
      const options = { sendEncodings$: of(encodings) };
      const subscription = party
        .push(of(track), options)
        .subscribe({ next: published, error: failed });
      running.set(name, { subscription });
    });
  },

  /** Shows what somebody else published in an element of this name. */
  pull(name, track, layer) {
    const preferredRid$ = new BehaviorSubject(layer);
    return new Promise((shown, failed) => {
      const subscription = party
        .pull(of(track), { simulcast: { preferredRid$ } })
        .subscribe({ next: (pulled) => (show(name, pulled), shown()), error: failed });
      running.set(name, { subscription, preferredRid$ });
    });
  },

  prefer: (name, layer) => running.get(name).preferredRid$.next(layer),

  end(name) {
    running.get(name).subscription.unsubscribe();
    running.delete(name);
  },
};

function show(name, track) {
  let element = document.getElementById(name);
  if (!element) {
    element = document.createElement(track.kind);
    Object.assign(element, { id: name, autoplay: true, playsInline: true });
    document.body.append(element);
  }
  element.srcObject = new MediaStream([track]);
}
