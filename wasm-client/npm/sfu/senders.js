// What a sender is told: its layers, and what limits them.

/** The encodings, from the best, held to a limit: those that are too large send nothing. */
function limited(encodings, limit, kind) {
  const { active = true, maxBitrate, scaleResolutionDownBy: scale = 1 } = limit ?? {};
  const last = encodings.length - 1;
  let best;
  encodings.forEach((encoding, place) => {
    const own = 2 ** place;
    encoding.active = active && (own >= scale || place === last);
    if (kind === "video") encoding.scaleResolutionDownBy = last ? own : Math.max(scale, 1);
    if (last && place === last && scale > own) encoding.scaleResolutionDownBy = scale;
    delete encoding.maxBitrate;
    if (encoding.active) best ??= encoding;
  });
  if (best && maxBitrate) best.maxBitrate = maxBitrate;
  return encodings;
}

/** The encodings that a source begins with: one for each name of a layer, or one without a name. */
export function encodings(rids, limit, kind) {
  return limited(rids.length > 1 ? rids.map((rid) => ({ rid })) : [{}], limit, kind);
}

/** Holds a sender to a limit. One after another: parameters that are set twice at once are lost. */
export async function hold(sender, limit, kind, before) {
  await before;
  try {
    const parameters = sender.getParameters();
    if (!parameters.encodings.length) return;
    limited(parameters.encodings, limit, kind);
    await sender.setParameters(parameters);
  } catch {
    // It was stopped meanwhile, or has nothing to send: whatever it sends later begins with the limit.
  }
}
