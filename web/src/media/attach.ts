/**
 * Shows exactly these tracks in an element, and starts it. An element that already has them is left alone: a new stream would
 * make the picture flicker. Resolves to false when the browser wants a click before it plays sound.
 */
export async function attach(
  element: HTMLMediaElement,
  tracks: readonly MediaStreamTrack[],
): Promise<boolean> {
  const current = element.srcObject instanceof MediaStream ? element.srcObject.getTracks() : [];
  const same = current.length === tracks.length && tracks.every((track) => current.includes(track));
  if (!same) element.srcObject = tracks.length > 0 ? new MediaStream([...tracks]) : null;
  return tracks.length === 0 || play(element);
}

/** An element that was moved or whose source changed meanwhile is not refused: its next start is on the way. */
export async function play(element: HTMLMediaElement): Promise<boolean> {
  if (!element.paused) return true;
  try {
    await element.play();
    return true;
  } catch (thrown) {
    return !(thrown instanceof DOMException && thrown.name === "NotAllowedError");
  }
}
