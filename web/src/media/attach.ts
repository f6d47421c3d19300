/**
 * Shows exactly these tracks in an element, and starts it. An element that already has them is left alone, and one that shows
 * others goes on with its stream: a new one would make the picture flicker. Resolves to false when the browser wants a click before it plays sound.
 */
export async function attach(
  element: HTMLMediaElement,
  tracks: readonly MediaStreamTrack[],
): Promise<boolean> {
  const shown = element.srcObject instanceof MediaStream ? element.srcObject : null;
  if (tracks.length === 0) element.srcObject = null;
  else if (shown === null) element.srcObject = new MediaStream([...tracks]);
  else {
    for (const track of tracks) shown.addTrack(track);
    for (const track of shown.getTracks()) if (!tracks.includes(track)) shown.removeTrack(track);
  }
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
